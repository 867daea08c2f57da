import * as assert from 'uvu/assert'
import { isProvedReachable, STATE_NAMES } from '../../formats/states.ts'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { statusNow } from '../../supervisor/testing/device.ts'
import { suite } from '../../testbed/suite.ts'
import { hasProvedItself, unitsInUse } from './for-scripts.ts'

const test = suite('for-scripts')

test('has proved itself in each state in which a technician can get in, and in maintenance after a proof', () => {
  const { proof } = statusNow()
  for (const state of STATE_NAMES) {
    const isProved = isProvedReachable(state)
    assert.is(hasProvedItself({ state, proof }), isProved || state === 'maintenance', state)
    assert.is(hasProvedItself({ state, proof: { ...proof, provedAt: null } }), isProved, `${state}, never proved`)
  }
})

test('a unit is in use while it says so, and while it runs without saying', () => {
  const supervisor = (shell: number, console: number) => {
    return { running: true, status: { ...statusNow(), sessions: { shell, console } } } as const
  }
  const bridge = (...sessions: number[]) => {
    const consoles = sessions.map(count => ({ sessions: Array.from({ length: count }, () => ({})) }))
    return { running: true, status: { consoles } as unknown as ConsoleStatus } as const
  }
  const not = (state: 'gone' | 'silent' | 'unknown') => ({ running: false, state, problem: '' }) as const
  const rows: [...Parameters<typeof unitsInUse>, inUse: string][] = [
    [supervisor(0, 0), bridge(), ''],
    [supervisor(0, 0), bridge(0, 0), ''],
    [supervisor(1, 0), bridge(0), 'oobm-supervisor'],
    [supervisor(0, 1), bridge(0, 1), 'oobm-supervisor oobm-console'],
    [supervisor(0, 0), bridge(1), 'oobm-console'],
    [not('gone'), not('gone'), ''],
    [not('silent'), bridge(), 'oobm-supervisor'],
    [supervisor(0, 0), not('unknown'), 'oobm-console'],
  ]
  for (const [one, other, inUse] of rows) assert.is(unitsInUse(one, other).join(' '), inUse)
})

test.run()
