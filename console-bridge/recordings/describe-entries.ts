/** Entries as `recordings list` shows them: the newest last, as a log; pure. */
import { timeText } from '../../runtime/time-text.ts'
import { type Entry, howText, type Kept, keptOf } from './entry.ts'

const HEADS = ['N', 'WHO', 'FROM', 'BEGAN', 'LASTED', 'TYPED', 'HOW IT ENDED']
const KEPT: Record<Kept, string> = { all: '', part: '; the beginning is gone', none: '; nothing is left' }

/** @param start the position from which on the reader can read */
export function describeEntries(entries: readonly Entry[], start: number): string[] {
  if (entries.length === 0) return ['no session is recorded']
  const rows = [HEADS, ...entries.map(entry => cells(entry, start))]
  const widths = HEADS.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function cells(entry: Entry, start: number): string[] {
  const { number, who, from, beganAt, end } = entry
  const lasted = end === undefined || end.how === 'restart' ? '-' : lengthText(end.at - beganAt)
  const typed = end === undefined || end.how === 'restart' ? '-' : `${end.typedBytes} B`
  return [`${number}`, who, from, timeText(beganAt), lasted, typed, `${howText(end)}${KEPT[keptOf(entry, start)]}`]
}

/** `12 s`, `34 min`, `5 h 6 min` */
function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
