import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { backoffMs } from './backoff.ts'

const test = suite('backoff')
const limits = { minMs: 1000, maxMs: 60_000 }

test('does not wait before the first try', () => {
  assert.is(
    backoffMs(0, limits, () => 0.9),
    0,
  )
})

test('waits twice as long after each failure, up to the cap', () => {
  const longest = [1, 2, 3, 7, 8, 1000].map(failures => backoffMs(failures, limits, () => 0.999_999))
  assert.equal(longest, [1000, 2000, 4000, 60_000, 60_000, 60_000])
})

test('spreads the tries over the upper half of the wait', () => {
  assert.is(
    backoffMs(3, limits, () => 0),
    2000,
  )
  assert.is(
    backoffMs(3, limits, () => 0.5),
    3000,
  )
})

test.run()
