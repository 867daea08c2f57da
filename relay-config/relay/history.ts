/** What people did to the fleet, who and when: append-only JSON lines on the relay. */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { whoRuns } from './invoker.ts'
import type { RelayPaths } from './relay-paths.ts'

const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW

const text = z.string().max(1_000)

/** Another version's entry may have more keys. */
export const entrySchema = z.object({
  /** ISO 8601, UTC. */
  at: text,
  /** The login of the person who did it: the one before sudo. */
  by: text,
  /** `Start Remote M.`, `Stop Remote M.`, `enrol`, `apply`, `session`, and the others of `EVENTS`. */
  event: text,
  device: text.optional(),
  console: text.optional(),
  technician: text.optional(),
  /** ISO 8601: the beginning and the end of a session, or of an order with an end. */
  from: text.optional(),
  to: text.optional(),
  /** The address that they came from, if it is known. */
  address: text.optional(),
  /** The SSH key that they logged in with, as `SHA256:…`, if sshd says it. */
  key: text.optional(),
  reason: text.optional(),
  /** Of an alert: the rule that matched what a target said, how many lines, and who was typing. */
  rule: text.optional(),
  count: z.int().optional(),
  typist: text.optional(),
  /** The first of these lines, if the rule allows that. */
  text: text.optional(),
  /** Of an alert: the same each time that it is told. */
  ref: text.optional(),
  /** Set if only the device says so, and the relay has not seen it. */
  source: z.literal('device').optional().catch(undefined),
})

export type HistoryEntry = z.output<typeof entrySchema>

/** The names that people read, for those in the file; all others are the same. */
const EVENTS: Record<string, string> = { 'Start Remote M.': 'access on', 'Stop Remote M.': 'access off' }

export function eventText(event: string): string {
  return Object.hasOwn(EVENTS, event) ? (EVENTS[event] ?? event) : event
}

/**
 * Appends one line, whole, and returns when it is on the disk. Fills in who did it and when, if left out.
 * @throws UserError when it cannot be written
 */
export async function appendHistory(
  { history }: Pick<RelayPaths, 'history'>,
  entry: Omit<HistoryEntry, 'at' | 'by'> & Partial<Pick<HistoryEntry, 'at' | 'by'>>,
): Promise<void> {
  const line = JSON.stringify({ at: new Date().toISOString(), ...(await whoRuns()), ...entry })
  try {
    await mkdir(dirname(history), { recursive: true })
    // O_APPEND and one write: lines of several programs never mix. The folder may be somebody else's: their link is not followed.
    const file = await open(history, APPEND, 0o640)
    try {
      const bytes = Buffer.from(`${(await endsInLine(file)) ? '\n' : ''}${line}\n`)
      const { bytesWritten } = await file.write(bytes)
      if (bytesWritten !== bytes.length) throw new Error('the disk is full: only a part of the line was written')
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (err) {
    throw new UserError(`cannot write the history ${history}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}

/** Whether the last line has no end, because of a power cut: the next line would be lost with it. */
async function endsInLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== 0x0a
}

/** All entries, oldest first. Lines that are damaged (a power cut, a full disk, somebody edited them) are skipped and counted. */
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
    throw new UserError(`cannot read ${path}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}
