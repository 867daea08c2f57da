/** Whether the LED is lit at a given moment of a state's pattern; pure, the clock belongs to the player. */
import { type Flash, STATE_NAMES, STATES, type State } from '../../formats/states.ts'

/** A status state, or `here`: somebody at the relay asks which board this is. */
export type Shown = State | 'here'

/** Seconds that a lamp test shows a state: long enough to count the longest pattern twice. */
export const LAMP_TEST_S = Math.ceil(Math.max(...STATE_NAMES.map(state => 2 * periodMs(STATES[state].pattern))) / 1000)

/** Two quick flashes and a breath: like no status state. */
const HERE: readonly Flash[] = [
  [60, 100],
  [60, 380],
]

export interface Phase {
  lit: boolean
  /** Milliseconds until light and dark change places. */
  remainingMs: number
}

/** @param elapsedMs milliseconds since the state began to show; its pattern repeats for ever */
export function phaseAt(state: Shown, elapsedMs: number): Phase {
  const pattern: readonly Flash[] = state === 'here' ? HERE : STATES[state].pattern
  let leftMs = Math.max(0, elapsedMs) % periodMs(pattern)
  for (const [onMs, offMs] of pattern) {
    if (leftMs < onMs) return { lit: true, remainingMs: onMs - leftMs }
    leftMs -= onMs
    if (leftMs < offMs) return { lit: false, remainingMs: offMs - leftMs }
    leftMs -= offMs
  }
  throw new Error(`the pattern of "${state}" is empty`)
}

function periodMs(pattern: readonly Flash[]): number {
  return pattern.reduce((sum, [onMs, offMs]) => sum + onMs + offMs, 0)
}
