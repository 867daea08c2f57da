import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Retries } from './retries.ts'

const test = suite('retries')

const retries = () => new Retries({ minMs: 1_000, maxMs: 20_000 }, 10_000, () => 1)

test('waits longer after each failure, up to the bound', () => {
  const waits = retries()
  assert.equal(
    Array.from({ length: 7 }, () => waits.nextMs(0)),
    [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000],
  )
})

test('begins anew after a line that was open for long enough, and only then', () => {
  const waits = retries()
  waits.nextMs(0)
  waits.opened(1_000)
  assert.is(waits.nextMs(10_999), 2_000)
  waits.opened(20_000)
  assert.is(waits.nextMs(30_000), 1_000)
  assert.is(waits.nextMs(31_000), 2_000)
})

test.run()
