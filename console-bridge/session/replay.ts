/** The past output with which a session begins: from the scrollback, and where that is not enough, from the transcript. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Scrollback } from '../console/scrollback.ts'
import type { Seat } from '../console/seat.ts'
import { GREETING_LINES } from './greeting.ts'
import type { Past, PastText } from './past.ts'

const GREETING_BYTES = 8_192
/** Milliseconds that the transcript may take; then the beginning is what is in memory. */
const PAST_MS = 5_000

export interface ReplayOptions {
  scrollback: Scrollback
  seat: Seat
  /** The terminal has a pty. */
  interactive: boolean
  /** Lines of past output; a screenful when left out. */
  lines?: number | undefined
  /** The transcript, where there is one that this person may read. */
  past?: Past | undefined
  /** The end of the scrollback when the session began. */
  end: number
}

/** Where the replay begins in the scrollback, and whether there is more of it in the transcript. */
export function replayFrom(options: ReplayOptions): { from: number; hasMore: boolean } {
  const { scrollback, seat, interactive, lines = GREETING_LINES, past, end } = options
  // A program gets only output from now on.
  if (!(interactive || seat.viewOnly)) return { from: end, hasMore: false }
  const readUpTo = seat.back?.readUpTo
  if (readUpTo !== undefined) return { from: Math.max(readUpTo, scrollback.start), hasMore: false }
  if (lines === 0) return { from: scrollback.end, hasMore: false }
  const from = scrollback.lastLines(lines, lines > GREETING_LINES ? scrollback.capacityBytes : GREETING_BYTES)
  return { from, hasMore: past !== undefined && (lines > GREETING_LINES || from === 0) }
}

/** The same, from the transcript. @returns undefined when it cannot be read in time */
export async function readPast(
  { lines = GREETING_LINES, past }: Pick<ReplayOptions, 'lines' | 'past'>,
  clock: Clock,
  over: AbortSignal,
): Promise<PastText | undefined> {
  const read = await within(PAST_MS, [over], async () => past?.lastLines(lines), { clock })
  return read.kind === 'done' ? read.value : undefined
}
