/**
 * Since when each person may open each console: their transcript begins there. A position and no date: a board may not know the
 * time, and a clock may be set. Kept in a file, as a configuration does not say it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

/** Person → console → position of the first record that they may read. */
export type Access = Record<string, Record<string, number>>

const accessSchema = z.record(z.string(), z.record(z.string(), z.number()))

/** What the configuration says. */
export interface Rights {
  name: string
  /** All where left out. */
  consoles?: readonly string[] | undefined
}

/**
 * A right that is new begins now; one that is gone is forgotten, and begins anew if it is given again. Pure.
 * @param endOf the end of the transcript of a console; undefined where it is not known: what was known stays, and nothing begins
 */
export function accessNow(
  before: Access,
  people: readonly Rights[],
  consoles: readonly string[],
  endOf: (console: string) => number | undefined,
): Access {
  const since = (person: string, console: string) => {
    const [known, end] = [before[person]?.[console], endOf(console)]
    return end === undefined ? known : Math.min(known ?? end, end)
  }
  return Object.fromEntries(
    people.map(({ name, consoles: own = consoles }) => {
      const begins = own.map(console => [console, since(name, console)] as const)
      return [name, Object.fromEntries(begins.filter(([, position]) => position !== undefined))]
    }),
  ) as Access
}

/** @returns nothing where there is no such file, or none that can be understood: rights then begin now */
export async function readAccess(directory: string): Promise<Access> {
  const text = await readFile(accessPath(directory), 'utf8').catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
    return '{}'
  })
  try {
    return accessSchema.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

export async function writeAccess(directory: string, access: Access): Promise<void> {
  await writeAtomically(accessPath(directory), `${JSON.stringify(access, null, 2)}\n`, 0o600)
}

function accessPath(directory: string): string {
  return join(directory, 'access.json')
}
