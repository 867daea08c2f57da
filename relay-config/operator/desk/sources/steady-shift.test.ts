import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { createSteadyShift } from './steady-shift.ts'

const test = suite('the shift of a clock')

test('stays the same while answers only take longer or less long, for each relay by itself', () => {
  const shift = createSteadyShift()
  assert.equal(
    [40, 900, 3, -700, 3_000].map(found => shift('lon', found)),
    [40, 40, 40, 40, 40],
  )
  assert.is(shift('tok', 7_000), 7_000)
})

test('follows a clock that was set', () => {
  const shift = createSteadyShift()
  assert.equal(
    [40, 60_000, 60_500, -5_000].map(found => shift('lon', found)),
    [40, 60_000, 60_000, -5_000],
  )
})

test.run()
