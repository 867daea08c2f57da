/** When something may be said: a state that holds, and not more often than people want to hear; pure. */
import type { FieldState } from '../../formats/field-sentences.ts'

/** Milliseconds that a situation must hold before it is told. A program that is restarted comes back within the longer one. */
const HOLD_MS = 4_000
const HOLD_NOT_RUNNING_MS = 30_000
/** Milliseconds of silence after each announcement. */
const SILENCE_MS = 10_000
/** A link that flaps is told so often within this time, and then not before the first of them is as old. */
const ANNOUNCEMENTS_MAX = 5
const WINDOW_MS = 600_000

/**
 * @param state what is to be told, and since when it holds
 * @param ends of the earlier announcements, oldest first, by the same clock as `sinceMs` and `nowMs`
 */
export function mayTell(state: FieldState, sinceMs: number, ends: readonly number[], nowMs: number): boolean {
  const holdMs = state === 'not-running' ? HOLD_NOT_RUNNING_MS : HOLD_MS
  if (nowMs - sinceMs < holdMs) return false
  const last = ends.at(-1)
  if (last !== undefined && nowMs - last < SILENCE_MS) return false
  return recent(ends, nowMs).length < ANNOUNCEMENTS_MAX
}

/** Those that still count. */
export function recent(ends: readonly number[], nowMs: number): number[] {
  return ends.filter(end => nowMs - end < WINDOW_MS)
}
