import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import type { RelayOrder } from '../../formats/control-protocol.ts'
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import { silentLog } from '../../runtime/log.ts'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { type Answers, ends, execution, ScriptedConnection, says, settle } from '../ssh/testing/scripted-connection.ts'
import { type EstablishOptions, establish, UNHURRIED_FAREWELL_MS } from './establish.ts'

const test = suite('establish')

const CONFIG = { listenerPort: 20_100, shell: { port: 22 }, bridge: { port: 2_222 } } as DeviceConfig
const RELAY = { host: 'relay', port: 443, user: 'oobm', hostKeys: [] } as RelayConfig
const ever = () => new AbortController().signal

function establishing(answers: Answers, changes: Partial<EstablishOptions> = {}) {
  const clock = new FakeClock()
  const connection = new ScriptedConnection(answers)
  const orders: RelayOrder[] = []
  const established = establish(connection, {
    ...{
      config: CONFIG,
      relay: RELAY,
      via: { rung: 'direct' as const },
      token: 'f'.repeat(32),
      ownIdent: 'oobm_selftest',
      mayEvict: true,
      clock,
    },
    dialLocal: async () => {
      const [near, far] = ends()
      far.resume()
      return { ok: true, value: near }
    },
    ...{ signal: ever(), onSessions: () => {}, onOrder: order => orders.push(order), log: silentLog },
    ...changes,
  })
  return { established, connection, orders, clock }
}

async function tunnelOf(answers: Answers, changes: Partial<EstablishOptions> = {}) {
  const scene = establishing(answers, changes)
  const made = await scene.established
  if (!made.ok) throw new Error(made.failure.cause)
  return { ...scene, tunnel: made.tunnel }
}

/** A relay that claims, grants, and gives back. */
const WELL: Answers = {
  exec: command => (command === 'exec evict' ? says('evicted 0\n') : execution('claimed\n').answer),
  listen: () => 'granted',
  unlisten: () => 'cancelled',
}

async function somebodyOnConsole({ connection }: { connection: ScriptedConnection }): Promise<Duplex> {
  const { person } = connection.arrive(20_101)
  person.resume()
  person.write('SSH-2.0-OpenSSH_9.2\r\n')
  await settle()
  return person
}

test('claims before it asks for anything else, and asks for the listeners when it is told to, once', async () => {
  const { tunnel, connection, orders } = await tunnelOf(WELL)
  assert.equal(connection.asked, [`exec claim ${'f'.repeat(32)}`])
  assert.equal(orders, [{ type: 'maintenance', off: false }])
  assert.is(await tunnel.openListeners(ever()), undefined)
  assert.is(await tunnel.openListeners(ever()), undefined)
  assert.equal(connection.asked.slice(1), ['listen 20100', 'listen 20101'])
  assert.equal(tunnel.routes, [
    { name: 'shell', listener: 20_100, target: 22 },
    { name: 'console', listener: 20_101, target: 2_222 },
  ])
})

test('hears the relay’s orders as long as the channel lives', async () => {
  const { answer, far } = execution('maintenance off\nclaimed\n')
  const { orders } = await tunnelOf({ exec: () => answer })
  assert.equal(orders, [{ type: 'maintenance', off: true }])
  far.write('maintenance on\n')
  await settle()
  assert.equal(orders.at(-1), { type: 'maintenance', off: false })
})

test('a relay without the commands has no control channel, maintenance on, and nobody evicted there', async () => {
  const { tunnel, orders, connection } = await tunnelOf({ exec: () => says('not found\n'), listen: () => 'refused' })
  assert.is(tunnel.control, undefined)
  assert.equal(orders, [{ type: 'maintenance', off: false }])
  assert.is((await tunnel.openListeners(ever()))?.state, 'refused')
  assert.not(connection.asked.includes('exec evict'))
})

test('evicts only where it may', async () => {
  for (const mayEvict of [true, false]) {
    const { tunnel, connection, clock } = await tunnelOf({ ...WELL, listen: () => 'refused' }, { mayEvict })
    const opening = tunnel.openListeners(ever())
    await clock.runUntil(10_000)
    assert.is((await opening)?.state, 'refused')
    assert.is(connection.asked.includes('exec evict'), mayEvict)
  }
})

test('listeners that were refused are asked for again', async () => {
  let isThere = false
  const { tunnel, connection } = await tunnelOf({ ...WELL, listen: () => (isThere ? 'granted' : 'unanswered') })
  assert.is((await tunnel.openListeners(ever()))?.state, 'no-relay')
  isThere = true
  assert.is(await tunnel.openListeners(ever()), undefined)
  assert.equal(connection.asked.slice(1), ['listen 20100', 'listen 20100', 'listen 20101'])
})

test('says why there is no tunnel: another one later, no answer, a connection that closed, an abort before', async () => {
  const superseded = await establishing({ exec: () => says('superseded\n') }).established
  assert.ok(!superseded.ok && superseded.failure.state === 'duplicate')

  const over = new AbortController()
  const silent = establishing({}, { signal: over.signal }).established
  over.abort()
  const found = await silent
  assert.ok(!found.ok && found.failure.state === 'no-relay')
  assert.match(found.failure.cause, 'stopped answering after the login')

  const closing = establishing({})
  closing.connection.destroy()
  const closed = await closing.established
  assert.ok(!closed.ok && closed.failure.cause === 'the other end closed the connection')

  assert.not((await establishing(WELL, { signal: AbortSignal.abort() }).established).ok)
})

test('closing gives the listeners back, turns away who comes, and ends who is in', async () => {
  const scene = await tunnelOf(WELL)
  const { tunnel, connection } = scene
  await tunnel.openListeners(ever())
  const person = await somebodyOnConsole(scene)
  const farewells: number[] = []
  const closing = tunnel.closeListeners(ever(), async () => farewells.push(tunnel.forwarding.sessions().console))
  const late = connection.arrive(20_101)
  await settle()
  assert.is(late.fate(), 'rejected', 'who comes during the farewell')
  assert.equal(farewells, [1], 'it is told to who is in')
  assert.not(person.destroyed, 'they have a moment to read it')
  await scene.clock.runUntil(1_000)
  assert.ok(await closing)
  assert.ok(person.destroyed)
  assert.equal(connection.asked.slice(-2), ['unlisten 20100', 'unlisten 20101'])
})

test('a farewell that hangs holds nothing up, and one to nobody is not said', async () => {
  const scene = await tunnelOf(WELL)
  await scene.tunnel.openListeners(ever())
  let said = 0
  assert.ok(await scene.tunnel.closeListeners(ever(), async () => said++))
  assert.is(said, 0)
  await scene.tunnel.openListeners(ever())
  await somebodyOnConsole(scene)
  const closing = scene.tunnel.closeListeners(ever(), () => new Promise(() => {}))
  await scene.clock.runUntil(1_000)
  assert.ok(await closing)
})

test('where nobody waits for it, a farewell may take longer', async () => {
  const scene = await tunnelOf(WELL)
  await scene.tunnel.openListeners(ever())
  await somebodyOnConsole(scene)
  let isOver = false
  const told = scene.tunnel.closeListeners(ever(), () => new Promise(() => {}), UNHURRIED_FAREWELL_MS)
  void told.then(() => {
    isOver = true
  })
  await scene.clock.runUntil(2_900)
  assert.not(isOver)
  await scene.clock.runUntil(3_100)
  assert.ok(await told)
})

test('the farewell ends as soon as the last one has left', async () => {
  const scene = await tunnelOf(WELL)
  await scene.tunnel.openListeners(ever())
  const person = await somebodyOnConsole(scene)
  const closing = scene.tunnel.closeListeners(ever(), async () => person.destroy())
  await settle()
  assert.ok(await closing)
  assert.is(scene.clock.sleeping, 0)
})

test('after closing they can be opened again, and people are let in again', async () => {
  const { tunnel, connection } = await tunnelOf(WELL)
  await tunnel.openListeners(ever())
  await tunnel.closeListeners(ever(), async () => {})
  assert.ok(await tunnel.closeListeners(ever(), async () => {}))
  assert.is(connection.asked.filter(what => what.startsWith('unlisten')).length, 2, 'what is closed is not asked for')
  await tunnel.openListeners(ever())
  assert.equal(connection.asked.slice(-2), ['listen 20100', 'listen 20101'])
  const { fate } = connection.arrive(20_100)
  await settle()
  assert.is(fate(), 'accepted')
})

test('freeing the listeners ends nobody, and they are asked for anew, confirmed or not', async () => {
  for (const isConfirmed of [true, false]) {
    const scene = await tunnelOf({ ...WELL, unlisten: () => (isConfirmed ? 'cancelled' : 'unanswered') })
    const { tunnel, connection } = scene
    await tunnel.openListeners(ever())
    const person = await somebodyOnConsole(scene)
    assert.is(await tunnel.freeListeners(ever()), isConfirmed)
    assert.not(person.destroyed)
    const asked = connection.asked.length
    assert.is(await tunnel.freeListeners(ever()), isConfirmed)
    assert.is(connection.asked.length - asked, isConfirmed ? 0 : 2, 'what is free is not cancelled again')
    assert.is(await tunnel.openListeners(ever()), undefined)
    assert.equal(connection.asked.slice(-2), ['listen 20100', 'listen 20101'])
  }
})

test('asks the relay to spare a connection without listeners in which somebody is, until it has listeners again', async () => {
  const { answer, far } = execution('claimed\n')
  let said = ''
  far.on('data', bytes => {
    said += bytes
  })
  let isHeard = false
  const relay = { ...WELL, exec: () => answer, unlisten: () => (isHeard ? 'cancelled' : 'unanswered') }
  const scene = await tunnelOf(relay)
  const { tunnel } = scene
  await tunnel.openListeners(ever())
  const person = await somebodyOnConsole(scene)
  await tunnel.freeListeners(ever())
  await settle()
  assert.is(said, '', 'one that may still have listeners is not spared')
  isHeard = true
  await tunnel.freeListeners(ever())
  await tunnel.freeListeners(ever())
  await settle()
  assert.is(said, 'spare yes\n')
  await tunnel.openListeners(ever())
  await settle()
  assert.is(said, 'spare yes\nspare no\n')
  person.destroy()
  await settle()
  await tunnel.freeListeners(ever())
  await settle()
  assert.is(said, 'spare yes\nspare no\n', 'an empty one is closed soon')
})

test('listeners that the relay does not give up are told, and asked for again', async () => {
  let gives = false
  const { tunnel } = await tunnelOf({ ...WELL, unlisten: () => (gives ? 'cancelled' : 'unanswered') })
  await tunnel.openListeners(ever())
  assert.not(await tunnel.closeListeners(ever(), async () => {}))
  assert.not(await tunnel.closeListeners(AbortSignal.abort(), async () => {}))
  gives = true
  assert.ok(await tunnel.closeListeners(ever(), async () => {}))
})

test.run()
