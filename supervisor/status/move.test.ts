import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { explain, type Move, MoveEvents } from './move.ts'

const test = suite('move')

const MOVE: Move = {
  from: { uplink: 'eth0', rung: 'direct', relay: 'relay.example:443' },
  to: { uplink: 'wlan0', rung: 'direct', relay: 'relay.example:443' },
  ...{ why: 'relay.example:443 stopped answering', kind: 'lost', lostMs: 1_000, closedMs: 8_000, backMs: 9_000 },
}
const details = (...moves: Move[]) => {
  const events = new MoveEvents()
  return moves.flatMap(move => events.take(move)).map(({ event, detail }) => `${event}: ${detail}`)
}

test('the history has a change of uplink and one of the way, and none for a reconnect by the same', () => {
  const { from, to } = MOVE
  assert.equal(details(MOVE), ['uplink: eth0 to wlan0, 8 s without: relay.example:443 stopped answering'])
  assert.equal(details({ ...MOVE, to: { ...to, rung: 'tls' } }), [
    'uplink: eth0 to wlan0, 8 s without: relay.example:443 stopped answering',
    'way: plain SSH to SSH within TLS, 8 s without: relay.example:443 stopped answering',
  ])
  assert.equal(details({ ...MOVE, kind: 'planned', lostMs: 9_000, why: 'it is better' }), [
    'uplink: eth0 to wlan0, nobody cut off: it is better',
  ])
  for (const same of [from, { ...from, relay: 'other.example:443' }, { ...from, uplink: undefined }]) {
    assert.equal(details({ ...MOVE, to: same }), [])
  }
})

test('a line that flaps is counted, and does not push out what people did', () => {
  const flapping = Array.from({ length: 100 }, (_, n) => ({ ...MOVE, backMs: MOVE.backMs + n * 10_000 }))
  assert.is(details(...flapping).length, 12)
  const later = { ...MOVE, lostMs: 4_600_000, backMs: 4_604_000 }
  assert.is(
    details(...flapping, later).at(-1),
    'uplink: after 88 more changes: eth0 to wlan0, 4 s without: relay.example:443 stopped answering',
  )
})

test('explains to somebody what ended their session', () => {
  const { from, to } = MOVE
  assert.is(explain(MOVE), 'uplink eth0 failed: relay.example:443 stopped answering; back by wlan0 after 8 s')
  assert.is(
    explain({ ...MOVE, to: { ...to, rung: 'proxy', relay: 'b.example:443' } }),
    'uplink eth0 failed: relay.example:443 stopped answering; back by wlan0 by the HTTP proxy at b.example:443 after 8 s',
  )
  const why = 'the tunnel to relay.example:443 was lost: the other end closed the connection'
  assert.is(explain({ ...MOVE, to: from, why }), `${why}; back after 8 s`)
})

test.run()
