/** How long to wait before the next try: exponential, capped, jittered. */

export interface BackoffLimits {
  /** Milliseconds before the second try. */
  minMs: number
  /** Milliseconds that the wait never exceeds. */
  maxMs: number
}

/**
 * Milliseconds to wait after `failures` failures in a row (0: no wait). Half of the wait is random, so that a thousand
 * devices cut off at one moment do not come back at one moment.
 * @param random a number in [0, 1), as `Math.random` gives
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffLimits, random: () => number): number {
  if (failures <= 0) return 0
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random())
}
