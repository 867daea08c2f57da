/** The value of `--since`: how long ago, or when. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @returns milliseconds since 1970; undefined for a date that does not exist */
export function sinceMs(text: string, nowMs: number): number | undefined {
  const unitMs = UNIT_MS[text.at(-1) ?? '']
  if (unitMs !== undefined) return nowMs - Number(text.slice(0, -1)) * unitMs
  const [date = '', time = '00:00'] = text.replace(/Z$/, '').split(/[T ]/)
  const atMs = Date.parse(`${date}T${time}Z`)
  // Date.parse() takes 30 February for 2 March.
  return Number.isNaN(atMs) || !new Date(atMs).toISOString().startsWith(date) ? undefined : atMs
}
