/** When the loops of all lines turn: at the same instants, so that an idle bridge wakes once and not once a line. */

/** Milliseconds between two turns. */
export const TURN_MS = 5_000

/** Milliseconds until the next turn. */
export function untilTurnMs(nowMs: number): number {
  return TURN_MS - (nowMs % TURN_MS)
}
