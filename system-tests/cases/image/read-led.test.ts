import * as assert from 'uvu/assert'
import { STATE_NAMES, STATES } from '../../../formats/states.ts'
import { suite } from '../../../testbed/suite.ts'
import { type Span, stateOf } from './read-led.ts'

const test = suite('reading the LED')

function play(state: keyof typeof STATES, times: number, stretch: (ms: number) => number): Span[] {
  const once = STATES[state].pattern.flatMap(([onMs, offMs]) => [
    { lit: true, ms: stretch(onMs) },
    { lit: false, ms: stretch(offMs) },
  ])
  return Array.from({ length: times }, () => once).flat()
}

for (const state of STATE_NAMES) {
  test(`knows ${state}, from wherever one begins to look, on a board that keeps time badly`, () => {
    for (const stretch of [(ms: number) => ms, (ms: number) => ms * 1.2, (ms: number) => ms * 0.85]) {
      const spans = play(state, 4, stretch)
      const { length } = STATES[state].pattern
      for (let from = 0; from < length * 2; from++) assert.is(stateOf(spans.slice(from)), state)
    }
  })
}

test('takes what it has seen once for nothing, and a light that stands still too', () => {
  assert.is(stateOf(play('ready', 1, ms => ms)), undefined)
  assert.is(stateOf([]), undefined)
})

test.run()
