/** Every command of `oobm-relay` on an operator's files that are not what they were: none shows a stack. Part 3. */
import { suite } from '../testbed/suite.ts'
import { declareTroubles } from './testing/troubles.ts'

const test = suite('hostile files, part 3')

declareTroubles(test, 'files that are not what they were: no command shows a stack, and each that fails says why', {
  ...{ program: 'oobm-relay', isOfFiles: true, part: [3, 3] },
})

test.run()
