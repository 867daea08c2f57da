import * as assert from 'uvu/assert'
import { killAfterEveryFourth } from '../../testing/killed-apply.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('apply, killed after every fourth step from 4')

test(
  'leaves a relay that serves, and the next run finishes',
  async context => {
    const killed = await killAfterEveryFourth(context, 4)
    assert.ok(killed > 7, `${killed} steps`)
  },
  { timeoutMs: 290_000 },
)

test.run()
