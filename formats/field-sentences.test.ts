import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { type FieldState, fieldSentences } from './field-sentences.ts'
import { LANGUAGES, languageOf } from './languages.ts'
import { STATE_NAMES, STATES } from './states.ts'

const test = suite('sentences for field staff')

const ALL: FieldState[] = [...STATE_NAMES, 'not-running']
/** Kana, the long vowel, spaces and the marks of a sentence: what a voice without a dictionary reads. */
const KANA = /^[\u3041-\u3096\u30a1-\u30fa\u30fc 、。「」]+$/

const partsOf = (state: FieldState, language: (typeof LANGUAGES)[number]) =>
  Object.entries(fieldSentences(state, language))

test('say of each state in each language how the LED looks, what it means and what to do', () => {
  for (const language of LANGUAGES) {
    for (const state of ALL) {
      const parts = partsOf(state, language)
      assert.equal(parts.map(([part]) => part).sort(), ['looks', 'meaning', 'remedy'], `${language} ${state}`)
      for (const [part, { text }] of parts)
        assert.match(text, language === 'ja' ? /[ぁ-ん].*。$/ : /^[A-Z].*\.$/, `${language} ${state} ${part}`)
    }
  }
})

test('are in English those of the table of states', () => {
  for (const state of STATE_NAMES) {
    const said = partsOf(state, 'en').map(([, { text }]) => text.toLowerCase())
    const { looks, meaning, remedy } = STATES[state]
    assert.equal(
      said,
      [looks, meaning, remedy].map(words => `${words.toLowerCase()}.`),
    )
  }
})

test('are polite in Japanese, and have a reading in kana alone', () => {
  for (const state of ALL) {
    for (const [part, { text, kana = '' }] of partsOf(state, 'ja')) {
      assert.match(kana, KANA, `${state} ${part}`)
      for (const sentence of text.split('。').slice(0, -1))
        assert.match(sentence, /(?:です|ます|ません|ました|ください|ないでください)$/, `${state} ${part}: ${sentence}`)
      const marks = (words: string) => words.replaceAll(/[^、。「」]/g, '')
      assert.is(marks(kana), marks(text), `${state} ${part}: the reading has other pauses than the sentence`)
    }
  }
})

test('look alike for no two states: who reads them over the phone can tell them apart', () => {
  for (const language of LANGUAGES) {
    const looks = ALL.map(state => fieldSentences(state, language).looks.text)
    assert.is(new Set(looks).size, ALL.length)
  }
})

test('are English where a language is not known', () => {
  assert.equal(['ja\n', 'en', 'fr', '', undefined].map(languageOf), ['ja', 'en', 'en', 'en', 'en'])
})

test.run()
