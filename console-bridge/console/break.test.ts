import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { breakLengthMs, describeBreak } from './break.ts'

const test = suite('break policy')

const CASES: [askedMs: number | undefined, lengthMs: number, text: string][] = [
  [undefined, 300, '300 ms'],
  [0, 300, '300 ms'],
  [1, 100, '100 ms (asked 1 ms)'],
  [50, 100, '100 ms (asked 50 ms)'],
  [100, 100, '100 ms'],
  [700, 700, '700 ms'],
  [1000, 1000, '1000 ms'],
  [3000, 3000, '3000 ms'],
  [10_000, 3000, '3000 ms (asked 10000 ms)'],
  [0xffff_ffff, 3000, '3000 ms (asked 4294967295 ms)'],
]

test('uses the default without a length, and keeps others within bounds', () => {
  for (const [askedMs, lengthMs, text] of CASES) {
    assert.is(breakLengthMs(askedMs), lengthMs, String(askedMs))
    assert.is(describeBreak(askedMs), text)
  }
})

test.run()
