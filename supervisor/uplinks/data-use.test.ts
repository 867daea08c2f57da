import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { DataUse } from './data-use.ts'

const test = suite('data-use')
const HOUR_MS = 3_600_000

test('counts from its start on, also when the counter begins anew', () => {
  const use = new DataUse(5_000, 0)
  use.sample(6_000, 1_000)
  assert.is(use.lastDay, 1_000)
  use.sample(200, 2_000)
  assert.is(use.lastDay, 1_200)
})

test('forgets what is older than a day', () => {
  const use = new DataUse(0, 0)
  for (let hour = 1; hour <= 100; hour++) use.sample(hour * 10, hour * HOUR_MS)
  assert.is(use.lastDay, 240)
})

test.run()
