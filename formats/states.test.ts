import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { isProvedReachable, STATE_NAMES } from './states.ts'

const test = suite('status states')

test('say that a technician can get in, or that nobody knows', () => {
  assert.equal(STATE_NAMES.filter(isProvedReachable).sort(), ['in-use', 'no-console', 'ready'])
  assert.not(isProvedReachable('from a later version'))
})

test.run()
