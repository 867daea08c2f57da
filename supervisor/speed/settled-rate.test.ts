import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { mayBeUnderway, type Sample, settledKbit } from './settled-rate.ts'

const test = suite('settled rate')

/** Bytes a millisecond, for so many milliseconds each, seen every 100 ms. */
function passing(...parts: [rate: number, ms: number][]): Sample[] {
  const samples: Sample[] = []
  let [ms, bytes] = [0, 0]
  for (const [rate, forMs] of parts)
    for (let end = ms + forMs; ms < end; ) {
      ms += 100
      bytes += rate * 100
      samples.push({ ms, bytes })
    }
  return samples
}

const ROWS: [name: string, samples: Sample[], kbit: number | undefined][] = [
  ['a steady line', passing([125, 5_000]), 1_000],
  ['the slow start of a connection does not count', passing([10, 1_200], [1_250, 3_800]), 10_000],
  ['the bytes that a queue takes at first do not count', passing([5_000, 500], [125, 4_500]), 1_000],
  [
    'a line that becomes slow is as slow as it was on average after that',
    passing([250, 2_500], [0, 2_400], [1, 100]),
    649,
  ],
  ['nothing', [], undefined],
  ['all at one moment', [{ ms: 300, bytes: 16e6 }], undefined],
  ['too little to tell', passing([3, 5_000]), undefined],
]
for (const [name, samples, kbit] of ROWS) test(name, () => assert.is(settledKbit(samples), kbit))

test('what is underway is at most what passes in a second, and enough to begin with', () => {
  assert.is(mayBeUnderway({ ms: 0, bytes: 0 }), 32_768)
  assert.is(mayBeUnderway({ ms: 2_000, bytes: 2_000_000 }), 1_000_000)
  assert.is(mayBeUnderway({ ms: 5_000, bytes: 40_000 }), 32_768, 'a slow line')
})

test.run()
