/** The LED's patterns as pictures: when it is lit within a span of time, and that as a bar of an SVG. */
import type { FieldState } from './field-sentences.ts'
import { type Flash, STATES } from './states.ts'

export interface Lit {
  fromMs: number
  untilMs: number
}

/** Milliseconds that every bar shows: the longest pattern (seven flashes) and its pause. */
export const BAR_MS = 5_000

/** When the LED is lit within `spanMs`, from the beginning of its pattern on. @param state one that the supervisor shows */
export function litWithin(pattern: readonly Flash[], spanMs: number): Lit[] {
  const lit: Lit[] = []
  for (let atMs = 0; atMs < spanMs; ) {
    for (const [onMs, offMs] of pattern) {
      if (atMs < spanMs) lit.push({ fromMs: atMs, untilMs: Math.min(atMs + onMs, spanMs) })
      atMs += onMs + offMs
    }
  }
  return lit
}

/**
 * The content of an SVG: black is lit, white is dark, so that it survives a copier.
 * @returns elements for a bar at (0, 0); in the unit of `width` and `height`
 */
export function ledBar(state: FieldState, width: number, height: number): string {
  const frame = `<rect width="${width}" height="${height}" fill="#fff" stroke="#000" stroke-width="${round(height / 20)}"/>`
  if (state === 'not-running') {
    // Either: lit in one half, dark in the other, and a stroke between them.
    const half = round(width / 2)
    const slash = `<path d="M${half - height / 2} ${height}L${half + height / 2} 0" stroke="#000" stroke-width="${round(height / 20)}"/>`
    const gap = round(height / 2)
    return `${frame}<path d="M0 0H${half + gap}L${half - gap} ${height}H0Z"/>${slash}`
  }
  const scale = width / BAR_MS
  const bars = litWithin(STATES[state].pattern, BAR_MS).map(
    ({ fromMs, untilMs }) =>
      `<rect x="${round(fromMs * scale)}" width="${round((untilMs - fromMs) * scale)}" height="${height}"/>`,
  )
  return frame + bars.join('')
}

function round(number: number): number {
  return Math.round(number * 100) / 100
}
