import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../runtime/status-file.ts'
import { suite } from '../../tools/suite.ts'
import { StatusKeeper } from './status-keeper.ts'

const test = suite('status-keeper')

function keeperAt(time: { wall: number; now: number }) {
  const written: SupervisorStatus[] = []
  const words: string[] = []
  const clock = { wallMs: () => time.wall, nowMs: () => time.now, sleep: async () => {} }
  const limits = { proofMaxAgeMs: 60_000, othersMaxAgeMs: 60_000 }
  const keeper = new StatusKeeper('dev1', limits, clock, {
    changed: ({ word }) => words.push(word),
    write: status => written.push(status),
  })
  return { keeper, words, last: () => written.at(-1) as SupervisorStatus }
}

const relay = { host: 'relay', port: 443 }

test('performs the effects of a change once, however often it is told', () => {
  const { keeper, words } = keeperAt({ wall: 5_000, now: 1_000 })
  keeper.report({})
  keeper.report({})
  keeper.report({ tunnel: { state: 'up', relay } })
  keeper.refresh()
  assert.equal(words, ['no-relay', 'unproved'])
})

test('a proof grows old by itself', () => {
  const time = { wall: 5_000, now: 1_000 }
  const { keeper, words } = keeperAt(time)
  keeper.report({ tunnel: { state: 'up', relay }, proof: { state: 'proved', atMs: 1_000 } })
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
  time.wall += 10_050
  time.now += 10_000
  keeper.refresh()
  assert.is(JSON.stringify(last()), before)
})

test.run()
