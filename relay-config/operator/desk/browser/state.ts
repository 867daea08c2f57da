/** How a state is shown: its LED, its name and its meaning. */
import { fieldSentences } from '../../../../formats/field-sentences.ts'
import { type Reach, reachOf, STATE_NAMES } from '../../../../formats/states.ts'
import type { DeskDevice } from '../rows.ts'
import type { App } from './app.ts'
import { h } from './dom.ts'

/** What is right at a glance beside its colour. */
const MARKS: Record<Reach, string> = { proved: '✓', partly: '!', off: '–', none: '✗' }

/** @param size of the LED: `large` on the page of a device */
export function stateElement({ state }: Pick<DeskDevice, 'state'>, app: App, size = ''): HTMLElement {
  // Until a relay has answered, it is neither good nor bad.
  const isKnown = state !== 'unknown'
  const reach = isKnown ? reachOf(state) : 'off'
  const name = STATE_NAMES.find(known => known === state)
  const looks = name === undefined ? app.words.unknown : fieldSentences(name, app.language).looks.text
  const led = h('span', {
    class: `led ${size} led-${name ?? 'none'}`,
    role: 'img',
    'aria-label': `LED: ${looks}`,
    title: looks,
  })
  return h(
    'span',
    { class: `state ${reach}` },
    led,
    h('span', { class: 'mark', 'aria-hidden': 'true' }, isKnown ? MARKS[reach] : '?'),
    ' ',
    state,
  )
}

/** @returns undefined for a state of a newer version */
export function meaningText(state: string, app: App): string | undefined {
  const name = STATE_NAMES.find(known => known === state)
  if (name !== undefined) return fieldSentences(name, app.language).meaning.text
  return Object.hasOwn(app.words.states, state) ? app.words.states[state] : undefined
}

/** Worth a look: nobody gets in, or a console is missing. A device that was switched off is as somebody wants it. */
export function isBad({ state }: Pick<DeskDevice, 'state'>): boolean {
  const reach = reachOf(state)
  if (state === 'unknown') return false
  return reach === 'none' || reach === 'partly'
}
