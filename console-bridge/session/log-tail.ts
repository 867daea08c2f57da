/** The last lines of a transcript. */

import { isOutput } from '../transcript/record.ts'
import type { Transcript } from '../transcript/transcript.ts'
import { type LogLine, LogLines } from './log-lines.ts'

/** Bytes of a transcript for one line, to begin with; where that is not enough, more are read. */
const LINE_BYTES = 160
/** The most lines that are held in memory. */
export const TAIL_LINES_MAX = 10_000

/** @param to a position; the end when left out @param withEvents also what is not output; gaps are always there */
export interface TailOptions {
  to?: number
  withEvents?: boolean
}

/**
 * @param from a position before which nothing is read
 * @returns at most so many lines
 */
export async function logTail(
  transcript: Transcript,
  from: number,
  count: number,
  { to = transcript.end, withEvents = true }: TailOptions = {},
): Promise<LogLine[]> {
  if (count === 0) return []
  const begin = Math.max(from, transcript.start)
  for (let bytes = (count + 1) * LINE_BYTES; ; bytes *= 4) {
    const at = Math.max(begin, to - bytes)
    const lines = await linesBetween(transcript, at, to, at === begin, withEvents)
    if (at === begin || lines.length > count) return lines.slice(-count)
  }
}

/** @param isRecord false where a record is not known to begin there: the first one, whole or half, is passed over */
async function linesBetween(
  transcript: Transcript,
  from: number,
  to: number,
  isRecord: boolean,
  withEvents: boolean,
): Promise<LogLine[]> {
  const lines = new LogLines(isRecord)
  const found: LogLine[] = []
  let isWhole = isRecord
  for await (const record of transcript.records(from, to)) {
    const isWanted = withEvents || isOutput(record) || record.kind === 'gap'
    if (isWhole && isWanted) found.push(...lines.feed(record))
    isWhole = true
  }
  return [...found, ...lines.end()]
}
