import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { type Answers, execution, ScriptedConnection, says } from '../ssh/testing/scripted-connection.ts'
import type { Orders } from '../tunnel/orders.ts'
import { comeBack } from './come-back.ts'
import type { Run } from './run-tunnel.ts'
import { relayNamed, testContext } from './testing/context.ts'
import { FakeRun } from './testing/fake-run.ts'
import { FakeStream } from './testing/fake-stream.ts'

const test = suite('come-back')
const MIN_MS = 60_000
const PREFERRED = relayNamed('a')
const WELL: Answers = { exec: () => execution('claimed\n').answer, end: () => true }

/** A search for the preferred relay, which takes connections when `isBack`. */
function searching({
  answers = WELL,
  over = new AbortController(),
}: {
  answers?: Answers
  over?: AbortController
} = {}) {
  const scene = {
    over,
    isBack: true,
    triesAtMin: [] as number[],
    connections: [] as ScriptedConnection[],
    runs: [] as FakeRun[],
    orders: [] as Orders[],
    found: undefined as { run: Run | undefined; atMs: number } | undefined,
  }
  const context = testContext({
    dial: async () => {
      scene.triesAtMin.push(context.clock.nowMs() / MIN_MS)
      if (!scene.isBack) return { ok: false, failure: { kind: 'refused', cause: 'it refuses' } }
      return {
        ok: true,
        transport: { stream: new FakeStream() as never, via: { rung: 'direct' }, localAddress: '', remoteAddress: '' },
      }
    },
    connect: async () => {
      const connection = new ScriptedConnection({ ...answers })
      scene.connections.push(connection)
      return { ok: true, connection }
    },
  })
  const { clock } = context
  void comeBack(context, PREFERRED, over.signal, {
    request: (relay, via, into) => ({
      ...{ relay, via },
      mayEvict: false,
      onSessions: () => {},
      onOrder: order => order.type === 'maintenance' && into.maintenance(order),
    }),
    start: (tunnel, by) => {
      scene.orders.push(by)
      const run = new FakeRun()
      run.connection.closed.addEventListener('abort', () => tunnel.connection.destroy())
      scene.runs.push(run)
      return run
    },
  }).then(run => {
    scene.found = { run, atMs: clock.nowMs() }
  })
  return { ...scene, clock, scene }
}

test('tries after 1, 2, 5, 10 and then every 30 minutes', async () => {
  const { clock, scene } = searching()
  scene.isBack = false
  await clock.runUntil(110 * MIN_MS)
  assert.equal(scene.triesAtMin, [1, 3, 8, 18, 48, 78, 108])
  assert.is(scene.found, undefined)
})

test('gives the second tunnel when it has been proved for five minutes', async () => {
  const { clock, scene } = searching()
  await clock.runUntil(MIN_MS + 1_000)
  const [run] = scene.runs as [FakeRun]
  run.prove()
  run.provedMs = 299_999
  await clock.runUntil(2 * MIN_MS)
  assert.is(scene.found, undefined)
  run.provedMs = 300_000
  await clock.runUntil(2 * MIN_MS + 5_000)
  assert.is(scene.found?.run, run)
  assert.equal(run.done, [])
  assert.not(scene.connections[0]?.closed.aborted)
})

test('one that was proved and is not any more is not given', async () => {
  const { clock, scene } = searching()
  await clock.runUntil(MIN_MS + 1_000)
  const [run] = scene.runs as [FakeRun]
  run.provedMs = 300_000
  run.facts.proof = { state: 'failed', cause: '' }
  await clock.runUntil(60 * MIN_MS)
  assert.is(scene.found, undefined)
})

test('goes on trying when the second tunnel ends, or is not to be had', async () => {
  const { clock, scene } = searching()
  await clock.runUntil(MIN_MS + 1_000)
  scene.runs[0]?.end({ kind: 'lost', failure: { state: 'no-relay', cause: '' } })
  await clock.runUntil(4 * MIN_MS)
  assert.is(scene.runs.length, 2)
  assert.is.not(scene.orders[0], scene.orders[1], 'what the relay ordered on the one is not the other’s')
  assert.is(scene.found, undefined)

  const refused = searching({ answers: { exec: () => says('superseded\n'), end: () => true } })
  await refused.clock.runUntil(4 * MIN_MS)
  assert.is(refused.scene.connections.length, 2)
  for (const one of refused.scene.connections) assert.ok(one.closed.aborted)
  assert.is(refused.scene.runs.length, 0)
})

test('what the relay orders on the second tunnel is its own', async () => {
  const { clock, scene } = searching({ answers: { exec: () => execution('maintenance off\nclaimed\n').answer } })
  await clock.runUntil(MIN_MS + 1_000)
  assert.is(scene.orders[0]?.offForMs(), Number.POSITIVE_INFINITY)
})

test('aborted, it gives the second tunnel if that is proved, however short, and else leaves none', async () => {
  for (const isProved of [true, false]) {
    const { clock, scene, over } = searching()
    await clock.runUntil(2 * MIN_MS)
    const [run] = scene.runs as [FakeRun]
    if (isProved) run.prove()
    run.provedMs = 1_000
    over.abort()
    await clock.runUntil(2 * MIN_MS + 1)
    assert.ok(scene.found)
    assert.is(scene.found?.run, isProved ? run : undefined)
    assert.equal(run.done, isProved ? [] : ['stop'])
    assert.is(clock.sleeping, 0)
  }
})

test('aborted while it waits, while it claims, and before, it leaves nothing behind', async () => {
  const waiting = searching()
  await waiting.clock.runUntil(30_000)
  waiting.over.abort()
  await waiting.clock.runUntil(30_001)
  assert.is(waiting.scene.found?.run, undefined)
  assert.ok(waiting.scene.found)

  const claiming = searching({ answers: { end: () => true } })
  await claiming.clock.runUntil(MIN_MS + 1_000)
  claiming.over.abort()
  await claiming.clock.runUntil(MIN_MS + 3_000)
  assert.ok(claiming.scene.found)
  for (const one of claiming.scene.connections) assert.ok(one.closed.aborted)

  const aborted = new AbortController()
  aborted.abort()
  const before = searching({ over: aborted })
  await before.clock.runUntil(1)
  assert.ok(before.scene.found)
  for (const { clock, scene } of [waiting, claiming, before]) {
    assert.is(clock.sleeping, 0)
    assert.is(scene.runs.length, 0)
  }
})

test.run()
