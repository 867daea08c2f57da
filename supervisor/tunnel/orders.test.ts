import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Orders } from './orders.ts'

const test = suite('orders')
const relay = (host: string) => ({ host, port: 443, user: 'oobm', hostKeys: [] })
const FRA = relay('fra')
const TYO = relay('tyo')

function ordersAt(time: { now: number; wall: number }) {
  return new Orders([FRA, TYO], { nowMs: () => time.now, wallMs: () => time.wall, sleep: async () => {} })
}

test('off lasts until it is on again, and says so to who waits', () => {
  const orders = ordersAt({ now: 0, wall: 0 })
  assert.is(orders.offForMs(), 0)
  const { changed } = orders
  orders.maintenance({ type: 'maintenance', off: true })
  assert.ok(changed.aborted)
  assert.not(orders.changed.aborted)
  assert.is(orders.offForMs(), Number.POSITIVE_INFINITY)
  orders.maintenance({ type: 'maintenance', off: false })
  assert.is(orders.offForMs(), 0)
})

test('on while it is on disturbs nobody', () => {
  const orders = ordersAt({ now: 0, wall: 0 })
  const { changed } = orders
  orders.maintenance({ type: 'maintenance', off: false })
  assert.not(changed.aborted)
})

test('an end is counted by the relay’s clock, whatever the board thinks what time it is', () => {
  const time = { now: 1_000, wall: 5 }
  const orders = ordersAt(time)
  orders.maintenance({ type: 'maintenance', off: true, untilS: 1_700_000_060, nowS: 1_700_000_000 })
  assert.is(orders.offForMs(), 60_000)
  time.wall = 1_900_000_000_000
  time.now += 59_000
  assert.is(orders.offForMs(), 1_000)
  time.now += 5_000
  assert.is(orders.offForMs(), 0)
})

test('an end without the relay’s time goes by the board’s clock', () => {
  const orders = ordersAt({ now: 0, wall: 1_000_000 })
  orders.maintenance({ type: 'maintenance', off: true, untilS: 1_060 })
  assert.is(orders.offForMs(), 60_000)
})

test('goes only to a relay of the configuration: host, port and login must be its', () => {
  const orders = ordersAt({ now: 0, wall: 0 })
  for (const [host, port, user] of [
    ['evil', 443, 'oobm'],
    ['tyo', 22, 'oobm'],
    ['tyo', 443, 'root'],
    ['TYO', 443, 'oobm'],
  ] as const) {
    assert.not(orders.redirect({ type: 'relay', host, port, user }, FRA))
  }
  assert.is(orders.takeRedirect(), undefined)
  assert.ok(orders.redirect({ type: 'relay', host: 'fra', port: 443, user: 'oobm' }, FRA))
  assert.is(orders.takeRedirect(), undefined, 'it is there already')
  assert.ok(orders.redirect({ type: 'relay', host: 'tyo', port: 443, user: 'oobm' }, FRA))
  assert.is(orders.takeRedirect(), TYO)
  assert.is(orders.takeRedirect(), undefined, 'once')
})

test.run()
