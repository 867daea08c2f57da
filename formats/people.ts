/** Who has, or had, an account on this device: the record of uids, `people.json` beside the configuration. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { EXIT, errorCode, errorMessage, UserError } from '../runtime/errors.ts'
import { deviceConfigPath } from './directories.ts'

/** The group of all these accounts. sshd reads the keys of its members, and of no others, in {@link PEOPLE_KEYS}. */
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
 * @returns everybody who ever had an account here; empty without a record
 * @throws UserError for a record that cannot be read: a new record could give a uid to a second person
 */
export function readPeopleRecord(path: string): PersonUid[] {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).people
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return []
    const cause = err instanceof z.ZodError ? 'the file is not a record of people' : errorMessage(err)
    const remedy =
      'restore it from a backup; without it the device makes no new account, because two people could get one uid'
    throw new UserError(`${path} cannot be read: ${cause}; ${remedy}`, EXIT.configuration, { cause: err })
  }
}

export function peopleRecordText(people: readonly PersonUid[]): string {
  return `${JSON.stringify({ version: 1, people }, null, 2)}\n`
}
