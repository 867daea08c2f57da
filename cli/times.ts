/** Times and ages as people say them; pure. */
import { timeText } from '../runtime/time-text.ts'

const STEPS = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const

/** `40 s`, `12 min`, `3 h`, `2 days`: the largest unit alone below two, as that is what one acts on. */
export function describeDuration(ms: number): string {
  const { unit, ms: size } = STEPS.find(step => Math.abs(ms) >= step.ms) ?? { unit: 's', ms: 1_000 }
  const count = Math.floor(Math.abs(ms) / size)
  return unit === 'day' ? `${count} day${count === 1 ? '' : 's'}` : `${count} ${unit}`
}

/** `40 s ago`; a time that lies ahead means that the clock was set back since, and is said to be so. */
export function describeAge(thenMs: number, nowMs: number): string {
  // Clocks are slewed by fractions of a second all the time; that is not news.
  if (thenMs - nowMs > 2_000) return `at ${timeText(thenMs)}, which lies ahead: the clock was set back since`
  return `${describeDuration(Math.max(0, nowMs - thenMs))} ago`
}
