/** Every command of `oobm-relay` as a process that is badly off: none shows a stack, each says why it failed. Part 1. */
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { declareTroubles, unknownUses } from './testing/troubles.ts'

const test = suite('hostile surroundings, part 1')

declareTroubles(test, 'a process that is badly off: no command shows a stack, and each that fails says why', {
  ...{ program: 'oobm-relay', part: [1, 4] },
})

test('runs commands that exist', () => {
  assert.equal(unknownUses(), [])
})

test.run()
