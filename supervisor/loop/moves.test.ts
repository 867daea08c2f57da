import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Move } from '../status/move.ts'
import { Moves } from './moves.ts'
import type { RunEnding } from './run-tunnel.ts'
import { FakeRun } from './testing/fake-run.ts'

const test = suite('moves')

const LOST: RunEnding = { kind: 'lost', failure: { state: 'no-relay', cause: 'the tunnel was lost' } }

function scene() {
  const told: Move[] = []
  let nowMs = 0
  const moves = new Moves(
    () => nowMs,
    move => told.push(move),
  )
  const by = (uplink: string) => {
    const { facts } = new FakeRun()
    facts.way = { uplink, interface: uplink, isMetered: false }
    return facts
  }
  const at = (ms: number) => {
    nowMs = ms
  }
  const said = () => told.map(({ from, to, why, kind }) => `${kind} ${from.uplink} ${to.uplink}: ${why}`)
  return { moves, told, by, at, said }
}

test('a tunnel that is lost and back is one move, from its last sign of life', () => {
  const { moves, told, by, at, said } = scene()
  const [first, second, third] = [by('eth0'), by('wlan0'), by('wlan0')]
  moves.carries(first)
  first.aliveMs = 1_000
  at(8_000)
  moves.ended(first, LOST)
  // It never let anybody in.
  moves.ended(second, { kind: 'failed', failure: { state: 'refused', cause: 'the listener is taken' } })
  at(9_000)
  moves.carries(third)
  moves.carries(third)
  assert.equal(said(), ['lost eth0 wlan0: the tunnel was lost'])
  assert.equal([told[0]?.lostMs, told[0]?.closedMs, told[0]?.backMs], [1_000, 8_000, 9_000])
})

test('a better uplink is a planned one, and who was left in the old tunnel is told when that dies', () => {
  const { moves, by, said } = scene()
  const [first, second] = [by('wlan0'), by('eth0')]
  moves.carries(first)
  moves.plan(second, 'it is better, and lasts')
  moves.carries(second)
  assert.equal(said(), ['planned wlan0 eth0: it is better, and lasts'])
  moves.ended(first, LOST)
  assert.equal(said().slice(1), ['lost wlan0 eth0: the tunnel was lost'])
})

test('what this program ended, and a trial beside it, are none', () => {
  const { moves, by, said } = scene()
  const [first, trial, second] = [by('eth0'), by('wlan0'), by('eth0')]
  moves.carries(first)
  moves.ended(trial, LOST)
  moves.ended(first, { kind: 'stopped' })
  moves.carries(second)
  assert.equal(said(), [])
})

test.run()
