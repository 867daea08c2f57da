/** Which lines of a file of the relay's state are new: those files keep the latest lines, and count what they drop; pure. */
import { createHash } from 'node:crypto'
import * as z from 'zod'

/** Up to where a file was read. */
export const markSchema = z.object({
  /** Of the last line. */
  digest: z.string(),
  /** Lines that there ever were. */
  total: z.int(),
})

export type Mark = z.output<typeof markSchema>

export interface Fresh {
  /** Lines that were there before. */
  known: string[]
  fresh: string[]
  /** Lines that came and went since the file was read last. */
  missed: number
  mark: Mark
}

/**
 * The last line that was read is looked for, because what counts the dropped lines is another file, written a moment before.
 * @param gone lines that were dropped, ever
 * @param mark undefined for a file that was not there
 */
export function freshLines(text: string, gone: number, mark: Mark | undefined): Fresh {
  const lines = text.split('\n').slice(0, -1)
  const total = gone + lines.length
  const digests = lines.map(digestOf)
  const next = { digest: digests.at(-1) ?? '', total }
  if (mark === undefined) return { known: [], fresh: lines, missed: gone, mark: next }
  const at = digests.lastIndexOf(mark.digest) + 1
  // The file was begun anew, or the last line is among the dropped.
  const missed = at === 0 ? Math.max(0, gone - mark.total) : 0
  return { known: lines.slice(0, at), fresh: lines.slice(at), missed, mark: next }
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64url').slice(0, 16)
}
