/** How far the clock of each relay is from this one, the same at each look; pure. */

/** Milliseconds by which one answer may take longer than another; beyond it, a clock was set. */
const JITTER_MS = 3_000

/**
 * An answer takes some milliseconds more or less each time. Without this each look would find other times, and each row of
 * a large fleet would change.
 * @returns takes what a look has found (this clock less theirs, in milliseconds), and gives what counts
 */
export function createSteadyShift(): (relay: string, foundMs: number) => number {
  const shifts = new Map<string, number>()
  return (relay, foundMs) => {
    const known = shifts.get(relay)
    if (known !== undefined && Math.abs(foundMs - known) <= JITTER_MS) return known
    shifts.set(relay, foundMs)
    return foundMs
  }
}
