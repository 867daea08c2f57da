/** How long a BREAK lasts, whatever was asked for. */

/** What the field's terminal programs send, and every boot monitor recognises. */
export const BREAK_DEFAULT_MS = 300
/** A shorter one may pass unseen: at 300 baud, one character alone lasts 33 ms. */
export const BREAK_MIN_MS = 100
/** A longer one tells no equipment more, and holds the line. RFC 4335 section 3 leaves the bound to the server. */
export const BREAK_MAX_MS = 3_000

/** @param askedMs milliseconds; 0 or undefined means "your default" (RFC 4335 section 3: PuTTY sends 0) */
export function breakLengthMs(askedMs: number | undefined): number {
  if (askedMs === undefined || askedMs === 0) return BREAK_DEFAULT_MS
  return Math.min(BREAK_MAX_MS, Math.max(BREAK_MIN_MS, Math.round(askedMs)))
}

/** `1000 ms`, and what was asked for where that was another length. */
export function describeBreak(askedMs: number | undefined): string {
  const lengthMs = breakLengthMs(askedMs)
  return askedMs === undefined || askedMs === 0 || askedMs === lengthMs
    ? `${lengthMs} ms`
    : `${lengthMs} ms (asked ${askedMs} ms)`
}
