/** The LED of a page, blinking as the real one does: CSS for each state; pure. */
import type { FieldState } from './field-sentences.ts'
import type { Colour } from './led-colours.ts'
import { type Flash, STATES } from './states.ts'

const LIT: Record<Colour['name'], string> = {
  green: '#31c552',
  yellow: '#e6b800',
  blue: '#3b6fe0',
  red: '#e03131',
  white: '#fff',
}
const DARK = '#e4e4e4'

/** @param name of the animation, whose keyframes {@link ledKeyframes} gives */
export function ledDeclarations(state: FieldState, name: string, colour: Colour['name'] = 'green'): string {
  if (state === 'not-running') return `background: ${DARK}`
  return `background: ${LIT[colour]}; animation: ${name} ${periodMs(STATES[state].pattern)}ms step-end infinite`
}

/** Each step holds until the next one. */
export function ledKeyframes(state: FieldState, name: string, colour: Colour['name'] = 'green'): string {
  if (state === 'not-running') return ''
  const pattern: readonly Flash[] = STATES[state].pattern
  const period = periodMs(pattern)
  let atMs = 0
  const steps = pattern.map(([onMs, offMs]) => {
    const [on, off] = [atMs, atMs + onMs].map(ms => `${Math.round((ms / period) * 1e4) / 100}%`)
    atMs += onMs + offMs
    return `${on} { background: ${LIT[colour]} } ${off} { background: ${DARK} }`
  })
  return `@keyframes ${name} { ${steps.join(' ')} }`
}

function periodMs(pattern: readonly Flash[]): number {
  return pattern.reduce((sum, [onMs, offMs]) => sum + onMs + offMs, 0)
}
