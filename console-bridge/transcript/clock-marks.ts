/**
 * When the clock of the device was set, by what stands in the files: the times before that, back to the boot, are corrected by as
 * much for whoever reads them.
 */
import { linesOf } from './file-lines.ts'
import { parseEvent, parseLine } from './record.ts'
import type { Segment } from './segments.ts'

/** A record from which on another boot counts, or at which the clock was set. */
type ClockMark = { position: number } & ({ boot: string } | { byMs: number })

interface Scanned {
  toByte: number
  marks: ClockMark[]
}

/** What begins the records that matter here; most lines are passed without more than this look. */
const MATTERS = /^\S+ \S+ (?:clock|bridge) /

/** Remembers what it has read: only what was added since then is read again. */
export class ClockMarks {
  #scanned = new Map<number, Scanned>()

  /**
   * @param segments of one transcript, from one on to the newest
   * @returns milliseconds to add to the time of the record at a position
   */
  async corrections(segments: readonly Segment[]): Promise<(position: number) => number> {
    const marks: ClockMark[] = []
    const scanned = new Map(this.#scanned)
    for (const segment of segments) {
      const known = await scan(segment, scanned.get(segment.start))
      scanned.set(segment.start, known)
      marks.push(...known.marks)
    }
    const oldest = segments[0]?.start ?? 0
    // Others may read older ones at the same time: what they found stays.
    for (const [start, found] of scanned) if (start >= oldest) this.#scanned.set(start, found)
    return correctionsFrom(marks)
  }

  /** @param start of the oldest segment that there still is */
  forgetBefore(start: number): void {
    for (const known of this.#scanned.keys()) if (known < start) this.#scanned.delete(known)
  }
}

/** Exported for its test. @param marks in order */
export function correctionsFrom(marks: readonly ClockMark[]): (position: number) => number {
  /** From a position on, up to that of the next step. */
  const steps: { from: number; byMs: number }[] = []
  let byMs = 0
  // From the newest on: what is before a setting of the clock in the same boot is wrong by it.
  for (const mark of marks.toReversed()) {
    if ('byMs' in mark) {
      steps.push({ from: mark.position, byMs })
      byMs += mark.byMs
      continue
    }
    const before = marks.findLast(other => 'boot' in other && other.position < mark.position)
    if (before && 'boot' in before && before.boot === mark.boot) continue
    steps.push({ from: mark.position, byMs })
    byMs = 0
  }
  steps.push({ from: 0, byMs })
  return position => steps.find(({ from }) => from <= position)?.byMs ?? 0
}

async function scan({ start, end, path }: Segment, known: Scanned = { toByte: 0, marks: [] }): Promise<Scanned> {
  const marks = [...known.marks]
  let { toByte } = known
  for await (const lines of linesOf(path, toByte, end - start)) {
    for (const { text, at, next } of lines) {
      toByte = next
      const line = MATTERS.test(text) ? parseLine(text) : undefined
      if (!line) continue
      const { fields } = parseEvent(line.text)
      if (line.kind === 'clock') marks.push({ position: start + at, byMs: Number(fields.by_ms) || 0 })
      else if (fields.boot !== undefined) marks.push({ position: start + at, boot: fields.boot })
    }
  }
  return { toByte, marks }
}
