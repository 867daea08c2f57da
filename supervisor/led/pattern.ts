/** Whether the LED is lit at a given moment of a word's pattern; pure, the clock belongs to the player. */
import { type Flash, STATUS_WORDS, type Word } from '../../formats/states.ts'

/** A status word, or `here`: somebody at the relay asks which board this is. */
export type Shown = Word | 'here'

/** Seconds that a lamp test shows a state: long enough to count seven flashes twice. */
export const LAMP_TEST_S = 10

/** Two quick flashes and a breath: like no status word. */
const HERE: readonly Flash[] = [
  [60, 100],
  [60, 380],
]

export interface Phase {
  lit: boolean
  /** Milliseconds until light and dark change places. */
  remainingMs: number
}

/** @param elapsedMs milliseconds since the word began to show; its pattern repeats for ever */
export function phaseAt(word: Shown, elapsedMs: number): Phase {
  const pattern: readonly Flash[] = word === 'here' ? HERE : STATUS_WORDS[word].pattern
  const periodMs = pattern.reduce((sum, [onMs, offMs]) => sum + onMs + offMs, 0)
  let leftMs = Math.max(0, elapsedMs) % periodMs
  for (const [onMs, offMs] of pattern) {
    if (leftMs < onMs) return { lit: true, remainingMs: onMs - leftMs }
    leftMs -= onMs
    if (leftMs < offMs) return { lit: false, remainingMs: offMs - leftMs }
    leftMs -= offMs
  }
  throw new Error(`the pattern of "${word}" is empty`)
}
