import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { randomFrom } from './testing/history.ts'
import { SimulatedDevice } from './testing/simulated-device.ts'
import { World } from './testing/world.ts'

const test = suite('back to plain SSH')

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A device that is proved within TLS, since plain SSH is blocked. */
async function scene() {
  const world = new World(1)
  world.rungs = ['direct', 'tls']
  world.isDirectBlocked = true
  const device = new SimulatedDevice(world, randomFrom(1))
  await device.runUntil(2 * MINUTE_MS)
  assert.is(device.state, 'ready')
  const rungs = () => world.tunnels.filter(one => world.passes(one)).map(({ rung }) => rung)
  assert.equal(rungs(), ['tls'])
  const run = (ms: number) => device.runUntil(world.clock.nowMs() + ms)
  const end = async () => {
    await device.stop()
    assert.equal(device.broken, [], device.shown.join('\n'))
  }
  return { world, device, rungs, run, end }
}

test('a tunnel within TLS goes back to plain SSH within hours, and cuts nobody', async () => {
  const { world, device, rungs, run, end } = await scene()
  const [tunnel] = world.tunnels
  const person = tunnel?.enter(20_101)
  world.isDirectBlocked = false
  await run(5 * HOUR_MS)
  assert.equal(rungs(), ['tls'], 'not before it is due')
  await run(HOUR_MS + 10 * MINUTE_MS)
  assert.equal(rungs(), ['direct'])
  assert.not(person?.destroyed)
  assert.not(tunnel?.closed.aborted)
  assert.is(device.state, 'in-use')
  assert.equal(
    device.moves.map(({ kind, from, to }) => [kind, from.rung, to.rung]),
    [['planned', 'tls', 'direct']],
  )
  person?.destroy()
  await run(MINUTE_MS)
  assert.ok(tunnel?.closed.aborted, 'it closes when the last one has left')
  await end()
})

test('plain SSH that is cut after minutes is not gone back to, and is tried at long intervals', async () => {
  const { world, device, rungs, run, end } = await scene()
  world.isDirectBlocked = false
  world.directLastsMs = 3 * MINUTE_MS
  const before = world.directDials
  await run(25 * HOUR_MS)
  assert.equal(rungs(), ['tls'])
  assert.is(device.moves.length, 0)
  assert.is(world.connections.size, 1, 'none is left')
  assert.is(world.directDials - before, 4)
  await end()
})

test.run()
