import * as assert from 'uvu/assert'
import { STATUS_WORDS, WORDS } from '../../../formats/states.ts'
import { suite } from '../../../tools/suite.ts'
import { type Span, wordOf } from './read-led.ts'

const test = suite('reading the LED')

function play(word: keyof typeof STATUS_WORDS, times: number, stretch: (ms: number) => number): Span[] {
  const once = STATUS_WORDS[word].pattern.flatMap(([onMs, offMs]) => [
    { lit: true, ms: stretch(onMs) },
    { lit: false, ms: stretch(offMs) },
  ])
  return Array.from({ length: times }, () => once).flat()
}

for (const word of WORDS) {
  test(`knows ${word}, from wherever one begins to look, on a board that keeps time badly`, () => {
    for (const stretch of [(ms: number) => ms, (ms: number) => ms * 1.2, (ms: number) => ms * 0.85]) {
      const spans = play(word, 4, stretch)
      const { length } = STATUS_WORDS[word].pattern
      for (let from = 0; from < length * 2; from++) assert.is(wordOf(spans.slice(from)), word)
    }
  })
}

test('takes what it has seen once for nothing, and a light that stands still too', () => {
  assert.is(wordOf(play('ready', 1, ms => ms)), undefined)
  assert.is(wordOf([]), undefined)
})

test.run()
