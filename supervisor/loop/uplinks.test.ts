import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { randomFrom } from './testing/history.ts'
import { SimulatedDevice } from './testing/simulated-device.ts'
import { type RelayModel, World } from './testing/world.ts'

const test = suite('uplinks of the simulated world')

const MINUTE_MS = 60_000

/** A device with two uplinks, proved over the first. */
async function scene(relays = 1) {
  const world = new World(relays)
  const first = world.addLine('eth0', '10.0.0.2')
  const second = world.addLine('eth1', '10.1.0.2')
  const device = new SimulatedDevice(world, randomFrom(1))
  await device.runUntil(30_000)
  assert.is(device.state, 'ready')
  const addresses = () => world.tunnels.filter(one => world.passes(one)).map(({ localAddress }) => localAddress)
  assert.equal(addresses(), [first.address])
  const run = (ms: number) => device.runUntil(world.clock.nowMs() + ms)
  const end = async () => {
    await device.stop()
    assert.equal(device.broken, [], device.shown.join('\n'))
  }
  return { world, first, second, device, addresses, run, end }
}

test('goes over the other one within ten seconds, and comes back after five minutes of proofs', async () => {
  const { first, second, device, addresses, run, end } = await scene()
  first.isUp = false
  await run(10_000)
  assert.equal(addresses(), [second.address])
  assert.is(device.state, 'ready')
  const [lost] = device.moves
  assert.equal(
    [lost?.kind, lost?.from.uplink, lost?.to.uplink, lost?.why],
    ['lost', 'eth0', 'eth1', 'relay0:443 stopped answering'],
  )
  await run(30 * MINUTE_MS)
  assert.equal(addresses(), [second.address], 'it stays while the better one is dead')
  first.isUp = true
  // A look at one that fails comes every ten minutes.
  await run(5 * MINUTE_MS)
  assert.equal(addresses(), [second.address], 'it stays until the better one has shown that it lasts')
  await run(11 * MINUTE_MS)
  assert.equal(addresses(), [first.address])
  assert.is(device.state, 'ready')
  assert.equal(
    device.moves.slice(1).map(({ kind, from, to }) => [kind, from.uplink, to.uplink]),
    [['planned', 'eth1', 'eth0']],
  )
  await end()
})

test('both that come and go are used in turn, and the device is ready when one works', async () => {
  const { first, second, device, addresses, run, end } = await scene()
  for (let turn = 0; turn < 20; turn++) {
    first.isUp = turn % 2 === 1
    second.isUp = turn % 2 === 0
    await run(40_000)
    assert.is(device.state, 'ready', `turn ${turn}`)
  }
  // The second is up no more.
  await run(MINUTE_MS)
  assert.equal(addresses(), [first.address])
  await end()
})

test('a better uplink cuts nobody while the relay does not free the listeners', async () => {
  const { world, first, second, device, addresses, run, end } = await scene()
  first.isUp = false
  await run(10_000)
  first.isUp = true
  const [tunnel] = world.tunnels.filter(one => world.passes(one))
  const person = tunnel?.enter(20_101)
  const [relay] = world.relays as [RelayModel]
  relay.frees = false
  await run(30 * MINUTE_MS)
  assert.not(person?.destroyed, 'they are still in')
  assert.equal(addresses(), [second.address])
  assert.is(device.state, 'in-use')
  assert.equal(
    device.context.uplinks.status()?.map(({ carries }) => carries),
    [false, true],
  )
  relay.frees = true
  await run(10 * MINUTE_MS)
  assert.equal(addresses(), [first.address])
  assert.not(person?.destroyed)
  person?.destroy()
  await run(MINUTE_MS)
  await end()
})

test('who stayed on the old tunnel is not cut when the new one dies and leaves its listeners behind', async () => {
  const { world, first, second, device, addresses, run, end } = await scene()
  first.isUp = false
  await run(10_000)
  first.isUp = true
  const person = world.tunnels.find(one => world.passes(one))?.enter(20_101)
  await run(20 * MINUTE_MS)
  assert.equal(addresses(), [first.address])
  const [dead] = world.tunnels
  if (dead) dead.isLost = true
  await run(2 * MINUTE_MS)
  assert.is(device.state, 'in-use', device.shown.join('\n'))
  assert.ok(dead?.isEvicted, 'what held the listeners was evicted')
  assert.not(person?.destroyed, 'they are still in')
  assert.is([...world.connections].filter(({ localAddress }) => localAddress === second.address).length, 1)
  person?.destroy()
  await run(MINUTE_MS)
  await end()
})

test('does not move again and again where the kernel routes the relay over another one than the default', async () => {
  const world = new World(1)
  world.addLine('eth0', '10.0.0.2')
  const second = world.addLine('eth1', '10.1.0.2')
  world.routed = 'eth1'
  const device = new SimulatedDevice(world, randomFrom(1))
  await device.runUntil(10 * MINUTE_MS)
  const [tunnel] = world.tunnels
  assert.is(tunnel?.localAddress, second.address)
  const fromMs = world.clock.nowMs()
  await device.runUntil(fromMs + 60 * MINUTE_MS)
  assert.ok(world.tunnels.length === 1 && world.tunnels[0] === tunnel, 'it is the same tunnel')
  assert.is(device.state, 'ready')
  const status = device.context.uplinks.status()
  assert.match(status?.find(({ name }) => name === 'eth0')?.why ?? '', 'over another interface')
  await device.stop()
  assert.equal(device.broken, [])
})

test('both dead are no-relay, and either brings the device back', async () => {
  const { first, second, device, run, end } = await scene(2)
  first.isUp = false
  second.isUp = false
  await run(3 * MINUTE_MS)
  assert.is(device.state, 'no-relay')
  second.isUp = true
  await run(40_000)
  assert.is(device.state, 'ready')
  await end()
})

test.run()
