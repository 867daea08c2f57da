/** Whether the LED is lit at a given moment of a state's pattern; pure, the clock belongs to the player. */
import { type Flash, STATE_NAMES, STATES, type State } from '../../formats/states.ts'

/** What is shown for a moment in place of a state; each looks like no state. */
const PASSING = {
  /** Somebody at the relay asks which board this is: two quick flashes and a breath. */
  here: [
    [60, 100],
    [60, 380],
  ],
  /** The button is pressed, and was felt: twice a second. */
  pressed: [[250, 250]],
  /** It was held so long that it is to be released, and pressed once more: lit, with two short gaps a second. */
  armed: [[420, 80]],
} as const satisfies Record<string, readonly Flash[]>

export type Shown = State | keyof typeof PASSING

/** Seconds that a lamp test shows a state: long enough to count the longest pattern twice. */
export const LAMP_TEST_S = Math.ceil(Math.max(...STATE_NAMES.map(state => 2 * periodMs(STATES[state].pattern))) / 1000)

export interface Phase {
  lit: boolean
  /** Milliseconds until light and dark change places. */
  remainingMs: number
}

/** @param elapsedMs milliseconds since the state began to show; its pattern repeats for ever */
export function phaseAt(state: Shown, elapsedMs: number): Phase {
  const pattern = patternOf(state)
  let leftMs = Math.max(0, elapsedMs) % periodMs(pattern)
  for (const [onMs, offMs] of pattern) {
    if (leftMs < onMs) return { lit: true, remainingMs: onMs - leftMs }
    leftMs -= onMs
    if (leftMs < offMs) return { lit: false, remainingMs: offMs - leftMs }
    leftMs -= offMs
  }
  throw new Error(`the pattern of "${state}" is empty`)
}

export function patternOf(state: Shown): readonly Flash[] {
  return state in PASSING ? PASSING[state as keyof typeof PASSING] : STATES[state as State].pattern
}

function periodMs(pattern: readonly Flash[]): number {
  return pattern.reduce((sum, [onMs, offMs]) => sum + onMs + offMs, 0)
}
