import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { TURN_MS, untilTurnMs } from './turns.ts'

const test = suite('turns')

test('all loops turn at the same instants, once each, also where a timer fires early', () => {
  assert.is(12 * TURN_MS + 1_234 + untilTurnMs(12 * TURN_MS + 1_234), 13 * TURN_MS)
  assert.is(untilTurnMs(13 * TURN_MS), TURN_MS)
  assert.is(13 * TURN_MS - 0.4 + untilTurnMs(13 * TURN_MS - 0.4), 14 * TURN_MS)
})

test.run()
