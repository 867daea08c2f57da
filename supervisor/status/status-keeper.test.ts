import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { StatusKeeper } from './status-keeper.ts'

const test = suite('status-keeper')

function keeperAt(time: { wall: number; now: number }) {
  const written: SupervisorStatus[] = []
  const states: string[] = []
  const clock = { wallMs: () => time.wall, nowMs: () => time.now, sleep: async () => {} }
  const limits = { othersMaxAgeMs: 60_000 }
  const keeper = new StatusKeeper('dev1', limits, clock, {
    changed: ({ state }) => states.push(state),
    write: status => written.push(status),
    close: async () => {},
  })
  return { keeper, states, last: () => written.at(-1) as SupervisorStatus }
}

const UP = {
  ...({ state: 'up', relay: { host: 'relay', port: 443 }, aliveMs: 1_000, addressGone: false } as const),
  limits: { proofMaxAgeMs: 60_000, silentMaxMs: 120_000 },
} as const

test('performs the effects of a change once, however often it is told', () => {
  const { keeper, states } = keeperAt({ wall: 5_000, now: 1_000 })
  keeper.report({})
  keeper.report({})
  keeper.report({ tunnel: UP })
  keeper.refresh()
  assert.equal(states, ['no-relay', 'unproved'])
})

test('a proof grows old by itself', () => {
  const time = { wall: 5_000, now: 1_000 }
  const { keeper, states } = keeperAt(time)
  keeper.report({ tunnel: UP, proof: { state: 'proved', atMs: 1_000, note: undefined } })
  time.now += 60_001
  keeper.refresh()
  assert.equal(states, ['ready', 'unproved'])
})

test('instants follow when a board without a clock learns the time, and nothing seems older', () => {
  const time = { wall: 86_400_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  keeper.report({}, { connectedAt: 1_000 })
  assert.is(last().connectedAt, 86_400_000)
  time.wall = 1_800_000_000_000
  time.now = 11_000
  keeper.refresh()
  assert.is(last().connectedAt, 1_800_000_000_000 - 10_000)
  assert.is(last().since, 1_800_000_000_000 - 10_000)
})

test('small steps of the clock change nothing that is written', () => {
  const time = { wall: 1_800_000_000_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  keeper.report({}, { connectedAt: 1_000 })
  const before = JSON.stringify(last())
  time.wall += 1_050
  time.now += 1_000
  keeper.refresh()
  assert.is(JSON.stringify(last()), before)
})

test('its heart beats every five seconds, and not in between', () => {
  const time = { wall: 1_800_000_000_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  keeper.report({})
  const { heartbeat } = last()
  time.now += 4_999
  keeper.refresh()
  assert.is(last().heartbeat, heartbeat)
  time.now += 1
  keeper.refresh()
  assert.is.not(last().heartbeat, heartbeat)
})

test('its heart stops while a loop is stuck', () => {
  const time = { wall: 1_800_000_000_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  keeper.report({})
  const { heartbeat } = last()
  time.now += 60_000
  keeper.refresh(false)
  assert.is(last().heartbeat, heartbeat)
  keeper.refresh()
  assert.is.not(last().heartbeat, heartbeat)
})

test('what a relay had a part in is shown without what a terminal obeys', () => {
  const { keeper, last } = keeperAt({ wall: 5_000, now: 1_000 })
  const failure = { state: 'no-relay', cause: 'it says \x1b[2J\u202e' } as const
  keeper.report({ tunnel: { state: 'down', failure } })
  assert.is(last().cause, 'it says ?[2J?')
})

test('the file says all that is known, and when: in milliseconds since 1970', () => {
  const time = { wall: 1_800_000_000_000, now: 50_000 }
  const { keeper, last } = keeperAt(time)
  const steps = [{ name: 'tunnel', ok: true, detail: 'up \x07', tookMs: 1 }]
  keeper.report(
    {
      tunnel: { ...UP, aliveMs: 49_000 },
      proof: { state: 'proved', atMs: 49_000, note: undefined },
      sessions: { shell: 2, console: 1 },
    },
    {
      relay: { host: 'relay', port: 443 },
      connectedAt: 40_000,
      retryAt: 60_000,
      proof: {
        provedAt: 49_000,
        by: 'login',
        tookMs: 3,
        attempt: { at: 48_000, ok: true, tookMs: 4, steps },
        probeMs: 5,
      },
    },
  )
  const { heartbeat, software, ...rest } = last()
  assert.ok(heartbeat && software)
  const at = (ms: number) => time.wall - time.now + ms
  assert.equal(rest, {
    version: 1,
    device: 'dev1',
    pid: process.pid,
    state: 'in-use',
    cause: 'proved, and somebody is in',
    since: at(50_000),
    relay: { host: 'relay', port: 443 },
    way: null,
    ways: [],
    connectedAt: at(40_000),
    proof: {
      provedAt: at(49_000),
      by: 'login',
      tookMs: 3,
      attempt: {
        at: at(48_000),
        ok: true,
        tookMs: 4,
        steps: [{ name: 'tunnel', ok: true, detail: 'up ?', tookMs: 1 }],
      },
      probeMs: 5,
    },
    sessions: { shell: 2, console: 1 },
    retryAt: at(60_000),
    changes: [{ at: at(50_000), state: 'in-use', cause: 'proved, and somebody is in' }],
  })
})

test('a state holds since it came, whatever its cause is by now', () => {
  const time = { wall: 1_800_000_000_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  const down = (cause: string) => keeper.report({ tunnel: { state: 'down', failure: { state: 'no-relay', cause } } })
  down('first')
  const { since } = last()
  time.now += 7_000
  time.wall += 7_000
  down('second')
  assert.equal([last().since, last().cause], [since, 'second'])
  assert.equal(
    last().changes.map(({ cause }) => cause),
    ['first', 'second'],
    'and the change is remembered',
  )
  keeper.report({ tunnel: UP })
  assert.is(last().since, since + 7_000)
})

test('remembers the newest changes', () => {
  const time = { wall: 1_800_000_000_000, now: 1_000 }
  const { keeper, last } = keeperAt(time)
  for (let count = 1; count <= 60; count++) {
    time.now += 1
    keeper.report({ tunnel: { state: 'down', failure: { state: 'no-relay', cause: `cause ${count}` } } })
  }
  assert.equal(
    last().changes.map(({ cause }) => cause),
    Array.from({ length: 50 }, (_, index) => `cause ${index + 11}`),
  )
})

test.run()
