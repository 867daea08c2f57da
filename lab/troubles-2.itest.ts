/** Every command of `oobm-relay` as a process that is badly off: none shows a stack, each says why it failed. Part 2. */
import { suite } from '../testbed/suite.ts'
import { declareTroubles } from './testing/troubles.ts'

const test = suite('hostile surroundings, part 2')

declareTroubles(test, 'a process that is badly off: no command shows a stack, and each that fails says why', {
  ...{ program: 'oobm-relay', part: [2, 4] },
})

test.run()
