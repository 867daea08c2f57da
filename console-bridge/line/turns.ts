/** When the loops of all lines turn: at the same instants, so that an idle bridge wakes once and not once a line. */

/** Milliseconds between two turns. */
export const TURN_MS = 5_000

/** A timer may fire a little early: that is the turn, and not one more. */
const EARLY_MS = 100

/** Milliseconds until the next turn. */
export function untilTurnMs(nowMs: number): number {
  const leftMs = TURN_MS - (nowMs % TURN_MS)
  return leftMs < EARLY_MS ? leftMs + TURN_MS : leftMs
}
