/** Times, ages and durations as people write them; pure. */
import { timeText } from '../runtime/time-text.ts'

const UNITS = [
  { letter: 'd', name: 'day', ms: 86_400_000 },
  { letter: 'h', name: 'h', ms: 3_600_000 },
  { letter: 'm', name: 'min', ms: 60_000 },
  { letter: 's', name: 's', ms: 1_000 },
] as const

/** Milliseconds of the longest duration that somebody may ask for. */
const LONGEST_MS = 366 * 86_400_000

/** `40 s`, `12 min`, `3 h`, `2 days`. */
export function describeDuration(ms: number): string {
  const { count, name } = inLargestUnit(Math.abs(ms))
  return `${count} ${name}${name === 'day' && count !== 1 ? 's' : ''}`
}

/** `40 s ago`; a time that lies ahead means that the clock was set back since. */
export function describeAge(thenMs: number, nowMs: number): string {
  // Clocks are slewed by fractions of a second all the time.
  if (thenMs - nowMs > 2_000) return `at ${timeText(thenMs)}, which lies ahead: the clock was set back since`
  return `${describeDuration(Math.max(0, nowMs - thenMs))} ago`
}

/** The same for a column of a table: `40s`, `12m`, `3h`, `2d`; `-` for what never was. */
export function shortAge(thenMs: number | undefined, nowMs: number): string {
  if (thenMs === undefined) return '-'
  const { count, letter } = inLargestUnit(Math.max(0, nowMs - thenMs))
  return `${count}${letter}`
}

/** Milliseconds of `90s`, `30m`, `2h`, `1d`; undefined for anything else, for zero and for more than a year. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,8})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS.find(({ letter }) => letter === unit)?.ms ?? 0)
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined
}

/** The largest unit alone: the seconds of an hour change no decision. */
function inLargestUnit(ms: number) {
  const unit = UNITS.find(unit => ms >= unit.ms) ?? UNITS[3]
  return { ...unit, count: Math.floor(ms / unit.ms) }
}
