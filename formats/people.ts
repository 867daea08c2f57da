/** Who has, or had, an account of their own on this device: the record of uids, `people.json` beside the configuration. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { EXIT, errorCode, errorMessage, UserError } from '../runtime/errors.ts'
import { deviceConfigPath } from './directories.ts'

/** The group of all of them; sshd finds the keys of its members, and of nobody else, in {@link PEOPLE_KEYS}. */
export const PEOPLE_GROUP = 'oobm-people'
/** One file of authorized keys a person, root's. */
export const PEOPLE_KEYS = '/etc/oobm/people'
/** Above what adduser gives, below what Debian and systemd reserve. */
export const PEOPLE_UIDS = { first: 20_000, last: 59_999 } as const

const personSchema = z.object({ name: z.string(), uid: z.int() })
const recordSchema = z.object({ version: z.literal(1), people: z.array(personSchema) })

export type PersonUid = z.output<typeof personSchema>

export function peopleRecordPath(env: NodeJS.ProcessEnv): string {
  return join(dirname(deviceConfigPath(env)), 'people.json')
}

/**
 * @returns everybody who ever had an account here; nobody where there is no record yet
 * @throws UserError for a record that cannot be read: to begin anew would give a uid to a second person
 */
export function readPeopleRecord(path: string): PersonUid[] {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).people
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return []
    const cause = err instanceof z.ZodError ? 'it is not a record of people' : errorMessage(err)
    const remedy = 'put it back from a backup; without it nobody gets a new account, because a uid would be given twice'
    throw new UserError(`${path} cannot be read: ${cause}; ${remedy}`, EXIT.configuration, { cause: err })
  }
}

export function peopleRecordText(people: readonly PersonUid[]): string {
  return `${JSON.stringify({ version: 1, people }, null, 2)}\n`
}
