import * as assert from 'uvu/assert'
import { killAfterEverySecond } from '../testing/killed-apply.ts'
import { hostSuite } from '../testing/throwaway-host.ts'

const test = hostSuite('apply, killed after its even steps')

test(
  'leaves a relay that serves, and the next one finishes',
  async context => {
    const killed = await killAfterEverySecond(context, 2)
    assert.ok(killed > 12, `${killed} steps`)
  },
  { timeoutMs: 290_000 },
)

test.run()
