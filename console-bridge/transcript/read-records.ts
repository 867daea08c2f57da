/** Reads the records of a transcript from its files. */
import type { ClockMarks } from './clock-marks.ts'
import { linesOf } from './file-lines.ts'
import { parseLine, type TranscriptRecord } from './record.ts'
import { segmentsIn } from './segments.ts'

/** In order; lines that are no records are left out. @throws a system error */
export async function* readRecords(
  directory: string,
  clockMarks: ClockMarks,
  from: number,
  to: number,
): AsyncGenerator<TranscriptRecord> {
  const segments = (await segmentsIn(directory)).filter(({ end }) => end > from)
  const correction = await clockMarks.corrections(segments)
  for (const { path, start, end } of segments) {
    if (start >= to) return
    for await (const lines of linesOf(path, Math.max(0, from - start), Math.min(end, to) - start)) {
      for (const { text, at, next } of lines) {
        const line = parseLine(text)
        if (!line) continue
        const position = start + at
        yield { ...line, position, next: start + next, atMs: line.writtenMs + correction(position) }
      }
    }
  }
}
