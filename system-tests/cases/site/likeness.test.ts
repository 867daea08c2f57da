import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { envelope, likeness } from './likeness.ts'

const test = suite('likeness')

/** Syllables of a tone, each so many moments long, with as many of silence behind it. */
function sound(sampleRate: number, syllables: readonly number[], loudness = 8_000) {
  const moment = sampleRate / 50
  const samples = syllables.flatMap(length => [
    ...Array.from({ length: length * moment }, (_, at) =>
      Math.round(loudness * Math.sin((2 * Math.PI * 440 * at) / sampleRate)),
    ),
    ...Array.from({ length: length * moment }, () => 0),
  ])
  return { sampleRate, samples: Int16Array.from(samples) }
}

const SENTENCE = [3, 8, 2, 5, 9, 4, 3, 7]

test('finds a sentence in a longer sound, quieter and at another sample rate', () => {
  const heard = sound(44_100, [5, 5, ...SENTENCE, 6], 900)
  assert.ok(likeness(envelope(heard), envelope(sound(11_000, SENTENCE))) > 0.95)
})

test('finds no sentence in another one, in silence, or in less than it', () => {
  const wanted = envelope(sound(11_000, SENTENCE))
  assert.ok(likeness(envelope(sound(44_100, [9, 2, 2, 6, 3, 8, 8, 2, 5, 5])), wanted) < 0.7)
  assert.is(likeness(new Array(500).fill(0), wanted), 0)
  assert.is(likeness(wanted.slice(1), wanted), -1)
})

test.run()
