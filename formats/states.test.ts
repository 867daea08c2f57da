import * as assert from 'uvu/assert'
import { suite } from '../tools/suite.ts'
import { isProvedReachable, WORDS } from './states.ts'

const test = suite('status words')

test('say that a technician can get in, or that nobody knows', () => {
  assert.equal(WORDS.filter(isProvedReachable).sort(), ['in-use', 'no-console', 'ready'])
  assert.not(isProvedReachable('from a later version'))
})

test.run()
