/** The states that a relay shows of its devices: their own, and what it sees itself; in which order and colour; pure. */
import { isProvedReachable, STATUS_WORDS, WORDS } from '../../../formats/states.ts'
import type { DeviceState } from './device-state.ts'

/** Colours where a person reads; the text as it is where a program does. */
export interface Paint {
  good(text: string): string
  /** Proved, and something is missing. */
  poor(text: string): string
  bad(text: string): string
  faint(text: string): string
  strong(text: string): string
}

export const PLAIN: Paint = { good: String, poor: String, bad: String, faint: String, strong: String }

/** What is not a device's own word, worse than all of them. */
const OWN_WORDS: Record<string, string> = {
  away: 'not connected to this relay',
  silent: 'the connection stands here, and nothing comes from the device any more',
  never: 'never connected to this relay',
}
const ORDER = [...Object.keys(OWN_WORDS), ...WORDS]

/** Worst first, then by name. A word of a newer version is as bad as can be, until this program knows it. */
export function worstFirst(states: readonly DeviceState[]): DeviceState[] {
  const rank = new Map(ORDER.map((word, index) => [word, index]))
  const rankOf = ({ word }: DeviceState) => rank.get(word) ?? -1
  return states.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.device < b.device ? -1 : 1))
}

export function colourOf(word: string, paint: Paint): (text: string) => string {
  if (word === 'maintenance') return paint.faint
  if (word === 'no-console') return paint.poor
  return isProvedReachable(word) ? paint.good : paint.bad
}

/** Whether this relay hears nothing of the device, whatever it reported last. */
export function isOutOfSight(word: string): boolean {
  return Object.hasOwn(OWN_WORDS, word)
}

/** @returns undefined for a word that this version does not know */
export function meaningOf(word: string): string | undefined {
  // A device may say `constructor`.
  if (Object.hasOwn(OWN_WORDS, word)) return OWN_WORDS[word]
  return WORDS.flatMap(known => (known === word ? STATUS_WORDS[known].meaning : []))[0]
}
