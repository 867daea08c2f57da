/** Every command of `oobm` as a process that is badly off: none shows a stack, each says why it failed. Part 2. */
import { suite } from '../testbed/suite.ts'
import { declareTroubles } from './testing/troubles.ts'

const test = suite('hostile surroundings of a device, part 2')

declareTroubles(test, 'a process that is badly off: no command shows a stack, and each that fails says why', {
  ...{ program: 'oobm', part: [2, 3] },
})

test.run()
