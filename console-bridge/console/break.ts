/** How long a BREAK lasts, whatever was asked for. */
import { BREAK_MS } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { HeldBreak } from '../line/break-line.ts'

/** @param askedMs milliseconds; 0 or undefined means "your default" (RFC 4335 section 3: PuTTY sends 0) */
export function breakLengthMs(askedMs: number | undefined): number {
  if (askedMs === undefined || askedMs === 0) return BREAK_MS.default
  return Math.min(BREAK_MS.max, Math.max(BREAK_MS.min, Math.round(askedMs)))
}

/** `1000 ms`, and what was asked for where that was another length. */
export function describeBreak(askedMs: number | undefined): string {
  const lengthMs = breakLengthMs(askedMs)
  return askedMs === undefined || askedMs === 0 || askedMs === lengthMs
    ? `${lengthMs} ms`
    : `${lengthMs} ms (asked ${askedMs} ms)`
}

/** What is asked of the line, and afterwards how long it was, for people. `asked`: milliseconds, or until it is ended. */
export function breakFor(asked: number | HeldBreak | undefined, clock: Clock) {
  if (typeof asked !== 'object') {
    return { lengthMs: breakLengthMs(asked), held: undefined, describe: () => describeBreak(asked) }
  }
  let beganMs = clock.nowMs()
  const onBegun = () => {
    beganMs = clock.nowMs()
    asked.onBegun()
  }
  return {
    lengthMs: BREAK_MS.max,
    held: { end: asked.end, onBegun },
    describe: () => `${Math.round(clock.nowMs() - beganMs)} ms`,
  }
}
