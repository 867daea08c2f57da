/** What was done to the fleet, by whom and when: append-only JSON lines on the relay. */
import { constants, mkdir, open, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import * as z from 'zod'
import { EXIT, errorCode, errorMessage, UserError } from '../runtime/errors.ts'
import type { RelayPaths } from './relay-paths.ts'

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
const text = z.string().max(1_000)

/** Another version's entry may have more keys. */
const entrySchema = z.object({
  /** ISO 8601, UTC. */
  at: text,
  /** Login of whoever did it: the one before sudo. */
  by: text,
  /** `Start Remote M.`, `Stop Remote M.`, `enrol`, `apply`, `session`. */
  event: text,
  device: text.optional(),
  console: text.optional(),
  technician: text.optional(),
  /** ISO 8601: the time that a session, or an order with an end, spans. */
  from: text.optional(),
  to: text.optional(),
  reason: text.optional(),
})

export type HistoryEntry = z.output<typeof entrySchema>

/** Who runs this program: root by way of sudo is still somebody. */
export function invoker(env: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0 && env.SUDO_USER) return env.SUDO_USER
  try {
    return userInfo().username
  } catch {
    // A uid without an account, as in containers.
    return `uid ${process.getuid?.()}`
  }
}

/**
 * Appends one line, whole, and returns when it is on the disk. `at` and `by` are filled in where they are left out.
 * @throws UserError when it cannot be written
 */
export async function appendHistory(
  { history }: Pick<RelayPaths, 'history'>,
  entry: Omit<HistoryEntry, 'at' | 'by'> & Partial<Pick<HistoryEntry, 'at' | 'by'>>,
): Promise<void> {
  const line = JSON.stringify({ at: new Date().toISOString(), by: invoker(), ...entry })
  try {
    await mkdir(dirname(history), { recursive: true })
    // O_APPEND and one write: lines of several programs never mix. The folder may be another's: their link is not followed.
    const file = await open(history, APPEND, 0o640)
    try {
      await file.write(`${line}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (err) {
    throw new UserError(`the history ${history} cannot be written: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}

/** All entries, oldest first; a line that is none (the disk was full, somebody edited it) is passed over and counted. */
export async function readHistory({
  history,
}: Pick<RelayPaths, 'history'>): Promise<{ entries: HistoryEntry[]; damaged: number }> {
  const lines = (await readText(history)).split('\n').filter(line => line !== '')
  const entries = lines.flatMap(line => {
    try {
      return [entrySchema.parse(JSON.parse(line))]
    } catch {
      return []
    }
  })
  return { entries, damaged: lines.length - entries.length }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return ''
    throw new UserError(`${path} cannot be read: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}
