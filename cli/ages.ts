/** Ages and durations, as short as a table wants them; pure. */

const UNITS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const

/** `40s`, `12m`, `3h`, `2d`; `-` for what never was. */
export function shortAge(thenMs: number | undefined, nowMs: number): string {
  if (thenMs === undefined) return '-'
  const ms = Math.max(0, nowMs - thenMs)
  const { unit, ms: size } = UNITS.find(unit => ms >= unit.ms) ?? { unit: 's', ms: 1_000 }
  return `${Math.floor(ms / size)}${unit}`
}

/** Milliseconds of `90s`, `30m`, `2h`, `1d`; undefined for anything else, for nothing and for more than a year. */
export function parseDuration(text: string): number | undefined {
  const [, count, letter] = /^(\d{1,8})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS.find(({ unit }) => unit === letter)?.ms ?? 0)
  return ms > 0 && ms <= 366 * 86_400_000 ? ms : undefined
}
