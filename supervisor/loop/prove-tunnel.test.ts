import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Connect } from '../ssh/connection.ts'
import { ScriptedConnection, says } from '../ssh/testing/scripted-connection.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { proveTunnel } from './prove-tunnel.ts'
import { testContext } from './testing/context.ts'
import { FakeStream } from './testing/fake-stream.ts'
import { Broadcast } from './wake.ts'

const test = suite('prove-tunnel')

/** An hour of a tunnel that works, with so many bytes a second on it. */
interface Hour {
  bytesASecond?: number
  others?: (nowMs: number) => number | undefined
  /** When the network changes. */
  networkAtMs?: number[]
}

async function anHour({ bytesASecond = 0, others = () => undefined, networkAtMs = [] }: Hour) {
  const greeting = () => {
    const stream = new FakeStream()
    stream.say('SSH-2.0-OpenSSH\r\n')
    return { ok: true, value: stream.asDuplex }
  }
  const connection = new ScriptedConnection({ open: greeting })
  const connect: Connect = async ({ credentials }) =>
    credentials === undefined
      ? { ok: false, fault: { kind: 'authentication', detail: '' } }
      : { ok: true, connection: new ScriptedConnection({ exec: () => says('', 0), end: () => true }) }
  const events = new Broadcast()
  const context = { ...testContext({ connect }), events }
  const { clock } = context
  for (const atMs of networkAtMs) clock.at(atMs, () => events.notify('network'))
  connection.activity = () => ({ ...connection.active, receivedBytes: (clock.nowMs() / 1000) * bytesASecond })
  const over = new AbortController()
  const seen: { atMs: number; seconds: number }[] = []
  const proofsAtMs: number[] = []
  const tunnel = {
    ...{ connection, relay: { host: 'relay' }, control: { others: async () => others(clock.nowMs()) } },
    ...{ routes: [{ listener: 20_100 }], forwarding: { sessions: () => ({ shell: 0, console: 0 }) } },
  } as unknown as Tunnel
  const proving = proveTunnel(tunnel, {
    ...{ context, over: over.signal, hasOtherRelays: false },
    selfTest: async () => ({ reached: true, steps: [], faults: {} }),
    report: {
      proof: () => proofsAtMs.push(clock.nowMs()),
      probeTook: () => {},
      probeFailed: cause => assert.unreachable(cause),
      others: seconds => seen.push({ atMs: clock.nowMs(), seconds }),
    },
  })
  await clock.runUntil(3_600_000)
  over.abort()
  await clock.runUntil(3_700_000)
  assert.is(await proving, undefined)
  return { seen, proofsAtMs }
}

test('asks for others at each proof and probe', async () => {
  const { seen } = await anHour({ bytesASecond: 0, others: () => 7 })
  assert.ok(seen.length >= 12, `asked ${seen.length} times`)
  assert.ok(seen.every(({ seconds }) => seconds === 7))
})

test('a change of the network is followed by a self-test, at once or a minute after the last', async () => {
  const quiet = await anHour({})
  const [firstMs = 0] = quiet.proofsAtMs
  assert.ok(firstMs < 5_000)
  assert.not(quiet.proofsAtMs.some(atMs => atMs > 10_000 && atMs < 300_000))
  const { proofsAtMs } = await anHour({ networkAtMs: [12_000, 13_000, 14_000, 200_000] })
  const between = proofsAtMs.filter(atMs => atMs > 10_000 && atMs < 300_000)
  assert.is(between.length, 2, String(between))
  const [first = 0, second = 0] = between
  assert.ok(first >= 60_000 && first < 65_000 && second >= 200_000 && second < 205_000, String(between))
})

test('while bulk flows, proofs are put off and others are asked for', async () => {
  const { seen, proofsAtMs } = await anHour({
    bytesASecond: 10_000,
    others: nowMs => (nowMs > 400_000 ? 3 : undefined),
  })
  const first = seen.find(({ seconds }) => seconds === 3)
  assert.ok(first && first.atMs - 400_000 <= 15_000, `others came at 400 s, and are known at ${first?.atMs} ms`)
  assert.not(
    proofsAtMs.some(atMs => atMs > 20_000 && atMs < 1_800_000),
    `proved at ${proofsAtMs}`,
  )
})

test('without an answer, what was known of others is not taken back', async () => {
  const { seen } = await anHour({ bytesASecond: 0, others: nowMs => (nowMs < 10_000 ? 1 : undefined) })
  assert.equal([...new Set(seen.map(({ seconds }) => seconds))], [1])
})

test.run()
