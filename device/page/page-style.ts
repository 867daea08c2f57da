/** How the page looks on a phone, and the LED that blinks there as the real one does. */
import type { FieldState } from '../../formats/field-sentences.ts'
import { colourOf as ledColourOf } from '../../formats/led-colours.ts'
import { ledDeclarations, ledKeyframes } from '../../formats/led-style.ts'
import { type Reach, reachOf } from '../../formats/states.ts'

/** Beside the words, for whoever looks from afar. */
const COLOURS: Record<Reach, string> = { proved: '#0a6b2d', partly: '#8a5a00', off: '#444', none: '#a11212' }

/**
 * The LED is 44 pixels wide: far below the area from which flashes may harm (WCAG 2.3.1).
 * @param hasColours whether the device has an LED of three colours
 */
export function pageStyle(state: FieldState, hasColours: boolean): string {
  const colour = hasColours && state !== 'not-running' ? ledColourOf(state).name : 'green'
  return `
:root { color-scheme: light }
* { box-sizing: border-box }
body { font: 17px/1.5 system-ui, "Hiragino Sans", "Noto Sans CJK JP", sans-serif; color: #111; background: #fff; margin: 0 auto;
  padding: 0 16px 24px; max-width: 640px; overflow-wrap: anywhere; line-break: strict; word-break: auto-phrase }
header { display: flex; justify-content: space-between; align-items: center; gap: 12px; padding: 10px 0; border-bottom: 1px solid #bbb }
h1 { font-size: 20px; line-height: 1.25; margin: 0 }
h1 small { display: block; font-size: 14px; font-weight: normal; color: #444 }
h2 { font-size: 16px; margin: 22px 0 4px; padding-bottom: 2px; border-bottom: 1px solid #bbb }
a { color: #0645ad; padding: 10px; margin: -10px }
p { margin: 6px 0 }
.state { display: flex; gap: 16px; align-items: center; margin: 16px 0 8px; padding: 14px; border: 3px solid ${colourOf(state)}; border-radius: 8px }
.state strong { font-size: 21px; line-height: 1.35; color: ${colourOf(state)} }
.led { flex: none; width: 44px; height: 44px; border-radius: 50%; border: 3px solid #222; ${ledDeclarations(state, 'led', colour)} }
.bar { display: block; width: 100%; max-width: 400px }
.todo { font-size: 19px }
ul { list-style: none; margin: 0; padding: 0 }
li { padding: 5px 0; border-bottom: 1px solid #e3e3e3 }
li small, p small { color: #444; font-size: 14px }
li small { display: block }
.bad { color: #a11212; font-weight: bold }
footer { margin-top: 22px; font-size: 14px; color: #444 }
@media (prefers-reduced-motion: reduce) { .led { animation: none } }
${ledKeyframes(state, 'led', colour)}`
}

function colourOf(state: FieldState): string {
  return COLOURS[state === 'not-running' ? 'none' : reachOf(state)]
}
