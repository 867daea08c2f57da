import { suite } from '../testbed/suite.ts'
import { killConnectivity } from './testing/killed.ts'

const test = suite('oobm-apply killed: connectivity that is not proved, part 4 of 4')

test(
  'leaves the old one or the new one, and the person who was removed stays so',
  context => killConnectivity(context, false, 4),
  { timeoutMs: 280_000 },
)

test.run()
