import type { Duplex } from 'node:stream'
import { mock } from 'node:test'
import * as assert from 'uvu/assert'
import { silentLog } from '../../runtime/log.ts'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import type { Answer } from '../ssh/connection.ts'
import { ends, ScriptedConnection, settle } from '../ssh/testing/scripted-connection.ts'
import { forwardChannels } from './forward-channels.ts'

const test = suite('forward-channels')

const ROUTES = [
  { name: 'shell', listener: 20_100, target: 22 },
  { name: 'console', listener: 20_101, target: 2_222 },
] as const
/** What a client sends at once: its identification and its offer. */
const CLIENT = `SSH-2.0-PuTTY_Release_0.78\r\n${'k'.repeat(1_000)}`
const ever = () => new AbortController().signal

/** Forwarding with local servers of the test: each end that was dialled is in `servers`. */
function forwarding(dial?: (port: number, signal: AbortSignal) => Promise<Answer<Duplex>>) {
  const connection = new ScriptedConnection()
  const clock = new FakeClock()
  const dialled: number[] = []
  const servers: Duplex[] = []
  let changes = 0
  const made = forwardChannels(connection, {
    routes: ROUTES,
    dialLocal: async (port, signal) => {
      dialled.push(port)
      if (dial) return dial(port, signal)
      const [near, far] = ends()
      far.resume()
      servers.push(far)
      return { ok: true, value: near }
    },
    ownIdent: 'oobm_selftest',
    onChange: () => changes++,
    clock,
    log: silentLog,
  })
  const come = async (port: number, first?: string) => {
    const visit = connection.arrive(port)
    visit.person.resume()
    visit.person.on('error', () => {})
    if (first !== undefined) visit.person.write(first)
    await settle()
    return visit
  }
  return { connection, clock, made, come, dialled, servers, changes: () => changes }
}

test('leads each listener to its server, byte for byte in both directions', async () => {
  const { connection, dialled, servers } = forwarding()
  for (const [listener, target] of [
    [20_100, 22],
    [20_101, 2_222],
  ] as const) {
    const { person, fate } = connection.arrive(listener)
    await settle()
    assert.is(fate(), 'accepted')
    assert.is(dialled.at(-1), target)
    const server = servers.at(-1) as Duplex
    const heard: string[] = []
    server.on('data', bytes => heard.push(String(bytes)))
    person.on('data', bytes => heard.push(String(bytes)))
    server.write('SSH-2.0-OpenSSH\r\n')
    await settle()
    person.write(CLIENT)
    await settle()
    assert.equal(heard, ['SSH-2.0-OpenSSH\r\n', CLIENT])
    person.destroy()
    await settle()
  }
})

test('nobody is let in at a port that is none of ours', async () => {
  const { come, dialled } = forwarding()
  const { fate } = await come(20_102, CLIENT)
  assert.is(fate(), 'rejected')
  assert.equal(dialled, [])
})

test('counts people, and neither probes, which say nothing, nor self-tests', async () => {
  const { made, come, changes } = forwarding()
  await come(20_100)
  await come(20_100, 'SSH-2.0-oobm_selftest\r\n')
  await come(20_101, 'SSH-2.0-oobm_selftest\r\n')
  assert.equal(made.sessions(), { shell: 0, console: 0 })
  assert.is(changes(), 0)
  await come(20_100, CLIENT)
  await come(20_101, CLIENT)
  await come(20_101, 'SSH-2.0-oobm\r\n')
  assert.equal(made.sessions(), { shell: 1, console: 2 })
  assert.is(changes(), 3)
})

test('who leaves is counted no more, and is told once', async () => {
  const { made, come, changes } = forwarding()
  const { person } = await come(20_100, CLIENT)
  person.end()
  await settle()
  person.destroy()
  await settle()
  assert.equal(made.sessions(), { shell: 0, console: 0 })
  assert.is(changes(), 2)
})

test('a server that ends takes its person along', async () => {
  const { made, come, servers } = forwarding()
  const { person } = await come(20_101, CLIENT)
  servers[0]?.end()
  servers[0]?.destroy()
  await settle()
  assert.ok(person.readableEnded || person.destroyed)
  assert.equal(made.sessions(), { shell: 0, console: 0 })
})

test('who comes while it is closed is turned away, and who is in stays', async () => {
  const { made, come, dialled } = forwarding()
  const inside = await come(20_101, CLIENT)
  made.letIn(false)
  const late = await come(20_101, CLIENT)
  assert.is(late.fate(), 'rejected')
  assert.is(dialled.length, 1, 'nobody is dialled for them')
  assert.not(inside.person.readableEnded)
  assert.equal(made.sessions(), { shell: 0, console: 1 })
  made.letIn(true)
  assert.is((await come(20_101, CLIENT)).fate(), 'accepted')
})

/** A local server that accepts when the test says so. */
function slowServer() {
  const [near, far] = ends()
  far.resume()
  let accept = () => {}
  const dial = () =>
    new Promise<Answer<Duplex>>(resolve => {
      accept = () => resolve({ ok: true, value: near })
    })
  return { dial, near, accept: () => accept() }
}

test('who came before it closed, and is dialled for after, is turned away', async () => {
  const server = slowServer()
  const { made, come } = forwarding(server.dial)
  const { fate } = await come(20_101, CLIENT)
  made.letIn(false)
  server.accept()
  await settle()
  assert.is(fate(), 'rejected')
  assert.ok(server.near.destroyed)
  assert.equal(made.sessions(), { shell: 0, console: 0 })
})

test('nothing is joined to a connection that closed meanwhile, and no local connection is left', async () => {
  const server = slowServer()
  const { connection, come } = forwarding(server.dial)
  const { fate } = await come(20_100, CLIENT)
  connection.destroy()
  await settle()
  assert.is(fate(), 'rejected', 'it does not wait for the local server')
  server.accept()
  await settle()
  assert.ok(server.near.destroyed)
})

test('nothing is joined when the connection closes in the moments after the local server accepted', async () => {
  for (let ticks = 0; ticks < 8; ticks++) {
    const server = slowServer()
    const { connection, come } = forwarding(server.dial)
    const { fate } = await come(20_100, CLIENT)
    server.accept()
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    const isIn = fate() === 'accepted'
    connection.destroy()
    await settle()
    assert.is(fate(), isIn ? 'accepted' : 'rejected', `closed after ${ticks} ticks`)
    assert.is(server.near.destroyed, !isIn)
  }
})

test('who comes when nothing answers behind the listener is turned away', async () => {
  const { come, made } = forwarding(async () => ({ ok: false, cause: 'nothing listens there' }))
  assert.is((await come(20_100, CLIENT)).fate(), 'rejected')
  assert.equal(made.sessions(), { shell: 0, console: 0 })
})

test('who makes room for others is cut at both ends, and who waits for room is let in then', async () => {
  const { come, clock, servers } = forwarding()
  const isOpen = ({ person }: Awaited<ReturnType<typeof come>>) => !person.readableEnded && !person.destroyed
  const talking = await come(20_101, CLIENT)
  const silent: Awaited<ReturnType<typeof come>>[] = []
  for (let count = 0; count < 64; count++) silent.push(await come(20_101, count % 2 ? 'SSH-2.0-x\r\n' : undefined))
  const late = await come(20_101, CLIENT)
  assert.is(late.fate(), undefined)
  assert.is((await come(20_100)).fate(), 'accepted', 'each listener for itself')
  await clock.runUntil(2_000)
  await settle()
  assert.is(late.fate(), 'accepted')
  assert.equal(silent.map(isOpen), [false, ...Array(63).fill(true)])
  assert.ok(servers[1]?.destroyed || servers[1]?.readableEnded, 'its connection to the server is closed, too')
  assert.ok(isOpen(talking))
})

test('too many people are one too many, and our own self-test is none of them', async () => {
  const { come, made } = forwarding()
  const isOpen = ({ person }: Awaited<ReturnType<typeof come>>) => !person.readableEnded && !person.destroyed
  const people = []
  for (let count = 0; count < 60; count++) people.push(await come(20_100, CLIENT))
  assert.not(isOpen(await come(20_100, CLIENT)))
  assert.ok(isOpen(await come(20_100, 'SSH-2.0-oobm_selftest\r\n')))
  assert.ok(isOpen(await come(20_101, CLIENT)), 'each listener for itself')
  assert.ok(people.every(isOpen), 'nobody who is in is cut')
  assert.equal(made.sessions(), { shell: 60, console: 1 })
  people[0]?.person.destroy()
  await settle()
  assert.ok(isOpen(await come(20_100, CLIENT)))
})

test('whoever says more than an identification only later is one too many then, and who has logged in stays', async () => {
  const { come, made, servers } = forwarding()
  const isOpen = ({ person }: Awaited<ReturnType<typeof come>>) => !person.readableEnded && !person.destroyed
  const one = await come(20_100, CLIENT)
  let heard = 0
  servers[0]?.on('data', ({ length }: Buffer) => {
    heard += length
  })
  for (let count = 0; count < 3; count++) {
    one.person.write('k'.repeat(1_000))
    await settle()
  }
  assert.is(heard, 3_000, 'they are heard to the end')
  for (let count = 1; count < 60; count++) await come(20_100, CLIENT)
  const late = await come(20_100, 'SSH-2.0-x\r\n')
  assert.ok(isOpen(late))
  late.person.write('k'.repeat(1_000))
  await settle()
  assert.not(isOpen(late))
  assert.ok(isOpen(one))
  assert.is(made.sessions().shell, 60)
})

test('a server that fails takes its person along, and nothing else', async () => {
  const nears: Duplex[] = []
  const { come, made } = forwarding(async () => {
    const [near, far] = ends()
    far.on('error', () => {}).resume()
    nears.push(near)
    return { ok: true, value: near }
  })
  const one = await come(20_100, CLIENT)
  const other = await come(20_100, CLIENT)
  nears[0]?.destroy(new Error('read ECONNRESET'))
  await settle()
  assert.ok(one.person.readableEnded || one.person.destroyed)
  assert.not(other.person.readableEnded || other.person.destroyed)
  assert.equal(made.sessions(), { shell: 1, console: 0 })
})

test('says when the last one has left the consoles', async () => {
  const { made, come } = forwarding()
  const one = await come(20_101, CLIENT)
  const two = await come(20_101, CLIENT)
  await come(20_100, CLIENT)
  let left = false
  const leaving = made.consolesLeft(ever()).then(() => {
    left = true
  })
  one.person.destroy()
  await settle()
  assert.not(left)
  two.person.destroy()
  await leaving
  assert.ok(left)
})

test('waits for nobody where nobody is, and no longer than it is told, also when aborted before', async () => {
  const { made, come } = forwarding()
  await made.consolesLeft(ever())
  await come(20_101, CLIENT)
  const over = new AbortController()
  const leaving = made.consolesLeft(over.signal)
  over.abort()
  await leaving
  await made.consolesLeft(AbortSignal.abort())
})

test('ends all who are in, on consoles and in the shell', async () => {
  const { made, come } = forwarding()
  const people = [await come(20_100, CLIENT), await come(20_101, CLIENT), await come(20_101)]
  made.endAll()
  await settle()
  for (const { person } of people) assert.ok(person.readableEnded || person.destroyed)
  assert.equal(made.sessions(), { shell: 0, console: 0 })
})

test('a broken channel ends its server’s connection, and a broken server’s its channel', async () => {
  for (const breaks of ['person', 'server'] as const) {
    const { come, servers } = forwarding()
    const { person } = await come(20_100, CLIENT)
    const server = servers[0] as Duplex
    server.on('error', () => {})
    const [broken, other] = breaks === 'person' ? [person, server] : [server, person]
    broken.destroy(new Error('reset'))
    await settle()
    assert.ok(other.readableEnded || other.destroyed, `the ${breaks} breaks`)
  }
})

test('a visitor who has closed their half is served to the end if the server has greeted, and not otherwise', async context => {
  mock.timers.enable({ apis: ['setTimeout'] })
  context.cleanup(() => mock.timers.reset())
  for (const isGreeted of [true, false]) {
    const { come, servers } = forwarding()
    const { person } = await come(20_100)
    if (isGreeted) servers[0]?.write('SSH-2.0-server\r\n')
    person.end()
    await settle()
    mock.timers.tick(2_999)
    await settle()
    assert.not(person.destroyed || person.readableEnded, `before its time: ${isGreeted}`)
    mock.timers.tick(1)
    await settle()
    assert.is(person.destroyed || person.readableEnded, !isGreeted)
  }
})

test('whoever leaves gives the place back, however many come', async () => {
  const { come, made, servers } = forwarding()
  for (let count = 0; count < 200; count++) {
    const { person, fate } = await come(20_100, CLIENT)
    assert.is(fate(), 'accepted', `visitor ${count}`)
    person.end()
    servers.at(-1)?.end()
    await settle()
  }
  assert.equal(made.sessions(), { shell: 0, console: 0 })
})

test.run()
