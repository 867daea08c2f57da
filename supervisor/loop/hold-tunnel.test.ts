import * as assert from 'uvu/assert'
import type { RelayConfig } from '../../formats/device-config.ts'
import { whenAborted } from '../../runtime/waiting.ts'
import { suite } from '../../testbed/suite.ts'
import type { Failure } from '../failure.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { Orders } from '../tunnel/orders.ts'
import { type HoldEnding, holdTunnel } from './hold-tunnel.ts'
import { testContext } from './testing/context.ts'

const test = suite('hold-tunnel')

interface Scene {
  open?: () => Promise<Failure | undefined>
  close?: () => Promise<boolean>
  prove?: (over: AbortSignal) => Promise<Failure | undefined>
  before?: (orders: Orders) => void
  over?: AbortController
}

function holding({ open, close, prove, before, over = new AbortController() }: Scene = {}) {
  const context = testContext()
  const { clock, config } = context
  const [relay, other] = config.relays as [RelayConfig, RelayConfig]
  const orders = new Orders(config.relays, clock)
  before?.(orders)
  const done: string[] = []
  const at = (what: string) => done.push(`${clock.nowMs()} ${what}`)
  const tunnel = {
    relay,
    openListeners: async () => {
      at('open')
      return open?.()
    },
    closeListeners: async (signal: AbortSignal, farewell: (signal: AbortSignal) => Promise<unknown>) => {
      at('close')
      await farewell(signal)
      return close ? close() : true
    },
  } as unknown as Tunnel
  let ending: HoldEnding | undefined
  void holdTunnel(tunnel, {
    ...{ context, orders, over: over.signal },
    onState: (isOpen, offForMs) => at(isOpen ? 'is open' : `is closed for ${offForMs}`),
    farewell: async () => at('farewell'),
    tell: async text => at(text),
    prove: prove ?? (until => whenAborted(until).then(() => undefined)),
  }).then(found => {
    ending = found
  })
  return { context, clock, orders, relay, other, done, over, ending: () => ending }
}

test('opens the listeners and proves them until it is over', async () => {
  const scene = holding()
  await scene.clock.runUntil(100_000)
  assert.equal(scene.done, ['0 open', '0 is open'])
  assert.is(scene.ending(), undefined)
  scene.over.abort()
  await scene.clock.runUntil(100_001)
  assert.equal(scene.ending(), { kind: 'over' })
  assert.is(scene.clock.sleeping, 0)
})

test('fails with the reason for which the listeners are not to be had, or are of no use', async () => {
  const failure = { state: 'refused', cause: 'not permitted' } as const
  for (const scene of [holding({ open: async () => failure }), holding({ prove: async () => failure })]) {
    await scene.clock.runUntil(1)
    assert.equal(scene.ending(), { kind: 'failed', failure })
  }
})

test('maintenance that is off closes the listeners, with a farewell, until its time is over', async () => {
  const scene = holding()
  scene.clock.at(10_000, () => scene.orders.maintenance({ type: 'maintenance', off: true, untilS: 160, nowS: 100 }))
  await scene.clock.runUntil(69_999)
  assert.equal(scene.done.slice(2), ['10000 close', '10000 farewell', '10000 is closed for 60000'])
  await scene.clock.runUntil(71_000)
  assert.equal(scene.done.slice(5), ['70000 open', '70000 is open'])
})

test('maintenance that is off from the beginning opens nothing, and without an end lasts until it is on again', async () => {
  const scene = holding({ before: orders => orders.maintenance({ type: 'maintenance', off: true }) })
  await scene.clock.runUntil(20_000_000)
  assert.not(
    scene.done.some(what => / open/.test(what)),
    scene.done.join(),
  )
  scene.clock.at(20_000_100, () => scene.orders.maintenance({ type: 'maintenance', off: false }))
  await scene.clock.runUntil(20_001_000)
  assert.is(scene.done.at(-1), '20000100 is open')
})

test('goes to the relay that it is sent to: while it proves, while maintenance is off, and from the beginning', async () => {
  const send = (orders: Orders, { host, port, user }: RelayConfig, from: RelayConfig) =>
    orders.redirect({ type: 'relay', host, port, user }, from)
  const proving = holding()
  const off = holding({ before: orders => orders.maintenance({ type: 'maintenance', off: true }) })
  for (const scene of [proving, off]) {
    scene.clock.at(5_000, () => send(scene.orders, scene.other, scene.relay))
    await scene.clock.runUntil(5_001)
    assert.equal(scene.ending(), { kind: 'redirected', relay: scene.other })
    assert.is(scene.clock.sleeping, 0)
  }
  const { config } = testContext()
  const [relay, other] = config.relays as [RelayConfig, RelayConfig]
  const first = holding({ before: orders => send(orders, other, relay) })
  await first.clock.runUntil(1)
  assert.is(first.ending()?.kind, 'redirected')
  assert.equal(first.done, [
    '0 close',
    '0 a:443 sends this device to b:443: sessions by that relay end now; connect again in a moment',
  ])
})

test('a relay that does not answer, or does not close, ends it in the time of a step', async () => {
  const never = new Promise<never>(() => {})
  const opening = holding({ open: () => never })
  const closing = holding({
    before: orders => orders.maintenance({ type: 'maintenance', off: true }),
    close: () => never,
  })
  const refusing = holding({
    before: orders => orders.maintenance({ type: 'maintenance', off: true }),
    close: async () => false,
  })
  for (const [scene, cause] of [
    [opening, 'does not answer the request for the listeners'],
    [closing, 'did not close the listeners'],
    [refusing, 'did not close the listeners'],
  ] as const) {
    await scene.clock.runUntil(20_000)
    await scene.clock.runUntil(20_001)
    const ending = scene.ending()
    assert.ok(ending?.kind === 'failed' && ending.failure.state === 'no-relay')
    assert.match(ending.failure.cause, cause)
  }
})

test('is over at once when aborted: before, while it opens, while it closes, while maintenance is off', async () => {
  const never = new Promise<never>(() => {})
  const off = (orders: Orders) => orders.maintenance({ type: 'maintenance', off: true })
  const aborted = new AbortController()
  aborted.abort()
  const before = holding({ over: aborted })
  await before.clock.runUntil(1)
  assert.equal(before.ending(), { kind: 'over' })
  assert.equal(before.done, [])
  for (const scene of [
    holding({ open: () => never }),
    holding({ before: off, close: () => never }),
    holding({ before: off }),
  ]) {
    await scene.clock.runUntil(1_000)
    assert.is(scene.ending(), undefined)
    scene.over.abort()
    await scene.clock.runUntil(1_001)
    assert.equal(scene.ending(), { kind: 'over' })
    assert.is(scene.clock.sleeping, 0)
  }
})

test.run()
