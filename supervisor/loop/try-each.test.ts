import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ScriptedConnection } from '../ssh/testing/scripted-connection.ts'
import { relayNamed, testContext } from './testing/context.ts'
import { FakeStream } from './testing/fake-stream.ts'
import { tryEach } from './try-each.ts'

const test = suite('try-each')
const [A, B] = [relayNamed('a'), relayNamed('b')]

/** Milliseconds that the login at each relay takes, or what it waits for; undefined is for ever, negative fails after so many. */
function trying(
  tookMs: Record<string, number | Promise<void> | undefined>,
  over = new AbortController(),
  relays = [A, B],
) {
  const connections: ScriptedConnection[] = []
  const dialled: string[] = []
  const context = testContext({
    dial: async ({ host }) => {
      dialled.push(`${context.clock.nowMs()} ${host}`)
      const stream = new FakeStream()
      stream.leadsTo = host
      return {
        ok: true,
        transport: { stream: stream as never, via: { rung: 'direct' }, localAddress: '', remoteAddress: '' },
      }
    },
    // One that breaks its promise: it goes on when it is aborted.
    connect: async ({ stream }) => {
      const ms = tookMs[(stream as unknown as FakeStream).leadsTo as string]
      if (ms === undefined) return new Promise(() => {})
      if (typeof ms === 'number') await context.clock.sleep(Math.abs(ms), new AbortController().signal)
      else await ms
      if (typeof ms === 'number' && ms < 0) return { ok: false, fault: { kind: 'authentication', detail: '' } }
      const connection = new ScriptedConnection()
      connections.push(connection)
      return { ok: true, connection }
    },
  })
  let endedAtMs: number | undefined
  const found = tryEach(context, relays, over.signal).then(found => {
    endedAtMs = context.clock.nowMs()
    return found
  })
  return { context, found, connections, dialled, endedAtMs: () => endedAtMs }
}

test('gives the first that is logged in, and asks no other where it is quick', async () => {
  const { context, found, dialled, connections, endedAtMs } = trying({ a: 100, b: 100 })
  await context.clock.runUntil(60_000)
  assert.equal(await found, { relay: A, via: { rung: 'direct' }, connection: connections[0] })
  assert.is(endedAtMs(), 100)
  assert.equal(dialled, ['0 a'])
})

test('one that is silent does not hold up the next, and is closed when it comes late', async () => {
  const { context, found, dialled, connections } = trying({ a: 10_000, b: 100 })
  await context.clock.runUntil(60_000)
  assert.is((await found)?.relay, B)
  assert.equal(dialled, ['0 a', '3000 b'])
  assert.is(connections.length, 2)
  assert.not(connections[0]?.closed.aborted)
  assert.ok(connections[1]?.closed.aborted)
})

test('one that fails is tried again in its turn, one that is being tried is not', async () => {
  const { context, dialled } = trying({ a: -100, b: undefined })
  await context.clock.runUntil(13_000)
  assert.equal(dialled, ['0 a', '3000 b', '6000 a', '12000 a'])
})

test('of two that come at one moment, one is closed', async () => {
  let open = () => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { context, found, connections } = trying({ a: gate, b: gate })
  context.clock.at(5_000, () => open())
  await context.clock.runUntil(60_000)
  const winner = (await found)?.connection
  assert.is(connections.length, 2)
  for (const one of connections) assert.is(one.closed.aborted, one !== winner)
})

test('ends without one when aborted, and closes what comes late; does nothing when aborted before, or without relays', async () => {
  const over = new AbortController()
  const { context, found, connections, endedAtMs } = trying({ a: 8_000, b: 8_000 }, over)
  context.clock.at(4_000, () => over.abort())
  await context.clock.runUntil(60_000)
  assert.is(await found, undefined)
  assert.is(endedAtMs(), 4_000)
  assert.is(connections.length, 2)
  for (const one of connections) assert.ok(one.closed.aborted)
  assert.is(context.clock.sleeping, 0)

  for (const [before, relays] of [
    [true, [A, B]],
    [false, []],
  ] as const) {
    const over = new AbortController()
    if (before) over.abort()
    const { found, dialled } = trying({ a: 1, b: 1 }, over, [...relays])
    assert.is(await found, undefined)
    assert.equal(dialled, [])
  }
})

test.run()
