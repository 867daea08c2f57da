/** Every command of `oobm-relay` on an operator's files that are not what they were: none shows a stack. Part 1. */
import { suite } from '../testbed/suite.ts'
import { declareTroubles } from './testing/troubles.ts'

const test = suite('hostile files, part 1')

declareTroubles(test, 'files that are not what they were: no command shows a stack, and each that fails says why', {
  ...{ program: 'oobm-relay', isOfFiles: true, part: [1, 3] },
})

test.run()
