import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { judgePoll } from './board-checks.ts'
import { nextSteps } from './next-step.ts'

const test = suite('what comes next')
const NOW = 1_000_000_000
const said = (changes: object) =>
  nextSteps(
    {
      ...{ retryAt: null, connectedAt: NOW, proof: { provedAt: NOW - 3_600_000 }, recovery: [] },
      ...changes,
    } as unknown as SupervisorStatus,
    { selftestS: 14_400 },
    NOW,
  ).map(({ detail }) => detail)

test('says what the supervisor does next, and when', () => {
  assert.equal(said({}), ['it stays connected, and proves the way back again at the latest in 3 h'])
  assert.equal(said({ proof: { provedAt: null } }), ['it is connected, and proves the way back now'])
  assert.equal(said({ connectedAt: null }), ['it connects as soon as the network and the relay answer'])
  const recovery = [
    { interface: 'wlan0', next: { step: 'reload-driver', at: NOW + 120_000 } },
    { interface: 'wlan1', next: null },
  ]
  assert.equal(said({ retryAt: NOW + 8_000, recovery }), [
    'in 8 s it tries to connect again',
    'in 2 min it tries, for wlan0: reload the driver',
  ])
})

test('warns when the last look at the polled address failed', () => {
  const look = {
    version: 1,
    url: 'https://a/x',
    at: { bootId: 'b', uptimeMs: 0 },
    cause: 'the server answers 404',
  } as const
  assert.is(judgePoll({ ...look, result: 'unchanged' }, '3 min').result, 'ok')
  const { result, detail } = judgePoll({ ...look, result: 'failed' }, '3 min')
  assert.is(`${result} ${detail}`, 'warning https://a/x, 3 min ago: the server answers 404')
})

test.run()
