/** The last lines of a transcript. */
import type { Transcript } from '../transcript/transcript.ts'
import { type LogLine, LogLines } from './log-lines.ts'

/** Bytes of a transcript for one line, to begin with; where that is not enough, more are read. */
const LINE_BYTES = 160
/** The most lines that are held in memory. */
export const TAIL_LINES_MAX = 10_000

/**
 * @param from a position before which nothing is read
 * @returns at most so many lines, and the position up to which was read
 */
export async function logTail(
  transcript: Transcript,
  from: number,
  count: number,
): Promise<{ lines: LogLine[]; next: number }> {
  const { end } = transcript
  const begin = Math.max(from, transcript.start)
  for (let bytes = (count + 1) * LINE_BYTES; ; bytes *= 4) {
    const at = Math.max(begin, end - bytes)
    const lines = await linesFrom(transcript, at, end, at === begin)
    if (at > begin && lines.length <= count) continue
    return { lines: lines.slice(-count), next: end }
  }
}

/** @param isRecord false where a record is not known to begin there: the first one, whole or half, is passed over */
async function linesFrom(transcript: Transcript, from: number, to: number, isRecord: boolean): Promise<LogLine[]> {
  const lines = new LogLines(isRecord)
  const found: LogLine[] = []
  let isWhole = isRecord
  for await (const record of transcript.records(from, to)) {
    if (isWhole) found.push(...lines.feed(record))
    isWhole = true
  }
  return [...found, ...lines.end()]
}
