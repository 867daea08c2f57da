/** The last record of a transcript that was written by an earlier run. */
import { linesOf } from './file-lines.ts'
import { type Line, parseLine } from './record.ts'
import type { Segment } from './segments.ts'

/** Longer than any record. */
const TAIL_BYTES = 65_536

/** @returns undefined when there is none @throws a system error */
export async function lastLine(segments: readonly Segment[]): Promise<Line | undefined> {
  const last = segments.findLast(({ start, end }) => end > start)
  if (!last) return undefined
  const size = last.end - last.start
  let found: Line | undefined
  for await (const lines of linesOf(last.path, Math.max(0, size - TAIL_BYTES), size)) {
    found = parseLine(lines.at(-1)?.text ?? '')
  }
  return found
}
