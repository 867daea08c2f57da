/** Puts a BREAK on a line, and takes it back whatever happens. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, within } from '../../runtime/waiting.ts'
import type { Line } from './line.ts'

/** Milliseconds that a line has to begin or end a BREAK, or to discard what it holds, beyond the BREAK's own length. */
export const LINE_BOUND_MS = 5_000

/** A BREAK that lasts until somebody ends it, within the given length. */
export interface HeldBreak {
  readonly end: AbortSignal
  /** It is on the line. */
  onBegun(): void
}

/**
 * @param signal ends the BREAK early
 * @throws what the line throws, and when it does not answer; the BREAK is taken back then, too
 */
export async function breakLine(
  line: Line,
  lengthMs: number,
  clock: Clock,
  signal: AbortSignal,
  held?: HeldBreak,
): Promise<void> {
  if (held?.end.aborted) throw new Error('it was ended before it began')
  const begun = line.setBreak(true)
  const over = controllerUnder(signal, ...(held ? [held.end] : []))
  try {
    await answered(begun, clock)
    held?.onBegun()
    await atLeast(lengthMs, clock, over.signal)
  } finally {
    over.release()
    // One that begins late, after all, is taken back then.
    const end = () => line.setBreak(false)
    await answered(begun.then(end, end), clock)
  }
}

/** @throws what `work` of a line throws, and when the line does not answer within {@link LINE_BOUND_MS} */
export async function answered(work: Promise<unknown>, clock: Clock): Promise<void> {
  const outcome = await within(LINE_BOUND_MS, [], () => work, { clock })
  if (outcome.kind !== 'done') throw new Error('the line does not answer: flow control holds it, or the adapter hangs')
}

/** A timer may fire a fraction of a millisecond early: the BREAK is no shorter than asked. */
async function atLeast(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.nowMs() + ms
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = untilMs - clock.nowMs()) {
    await clock.sleep(Math.ceil(leftMs), signal)
  }
}
