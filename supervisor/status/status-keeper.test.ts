import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../runtime/status-file.ts'
import { suite } from '../../tools/suite.ts'
import { StatusKeeper } from './status-keeper.ts'

const test = suite('status-keeper')

function keeperAt(time: { wall: number; now: number }) {
  const written: SupervisorStatus[] = []
  const words: string[] = []
  const clock = { wallMs: () => time.wall, nowMs: () => time.now, sleep: async () => {} }
  const limits = { proofMaxAgeMs: 60_000, othersMaxAgeMs: 60_000, silentMaxMs: 120_000 }
  const keeper = new StatusKeeper('dev1', limits, clock, {
    changed: ({ word }) => words.push(word),
    write: status => written.push(status),
    close: async () => {},
  })
  return { keeper, words, last: () => written.at(-1) as SupervisorStatus }
}

const UP = { state: 'up', relay: { host: 'relay', port: 443 }, aliveMs: 1_000, addressGone: false } as const

test('performs the effects of a change once, however often it is told', () => {
  const { keeper, words } = keeperAt({ wall: 5_000, now: 1_000 })
  keeper.report({})
  keeper.report({})
  keeper.report({ tunnel: UP })
  keeper.refresh()
  assert.equal(words, ['no-relay', 'unproved'])
})

test('a proof grows old by itself', () => {
  const time = { wall: 5_000, now: 1_000 }
  const { keeper, words } = keeperAt(time)
  keeper.report({ tunnel: UP, proof: { state: 'proved', atMs: 1_000, note: undefined } })
  time.now += 60_001
  keeper.refresh()
  assert.equal(words, ['ready', 'unproved'])
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
  const failure = { word: 'no-relay', cause: 'it says \x1b[2J\u202e' } as const
  keeper.report({ tunnel: { state: 'down', failure } })
  assert.is(last().cause, 'it says ?[2J?')
})

test.run()
