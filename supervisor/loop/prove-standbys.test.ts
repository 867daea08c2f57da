import { setMaxListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { RUNGS } from '../../transport/way.ts'
import { Uplinks, type UplinksOptions } from '../uplinks/uplinks.ts'
import { CONNECTIONS_A_MINUTE } from './connection-budget.ts'
import { proveStandbys } from './prove-standbys.ts'
import { testContext } from './testing/context.ts'
import { FakeRun } from './testing/fake-run.ts'
import { FakeStream } from './testing/fake-stream.ts'

const test = suite('proofs of uplinks that stand by')
const MIN_MS = 60_000
type TestContext = ReturnType<typeof testContext>

/** A proved tunnel over the first of two uplinks, and the second that stands by. */
function scene(changes: Partial<TestContext> = {}, more: Partial<UplinksOptions> = {}) {
  const over = new AbortController()
  const context = testContext({ ...changes, signal: over.signal })
  const uplinks = new Uplinks({
    ...{ settings: [], clock: context.clock, bytesOf: () => undefined, ...more },
    list: () =>
      ['eth0', 'eth1'].map((name, at) => {
        const address = `10.${at}.0.2`
        return { name, kind: 'cable', isDefault: at === 0, metric: 100, addresses: [address], link: address }
      }),
  })
  uplinks.look()
  uplinks.carries('eth0')
  const run = new FakeRun()
  run.prove()
  let shown: ReturnType<Uplinks['status']>
  const proving = proveStandbys(
    { ...context, uplinks },
    () => run,
    () => {
      shown = uplinks.status()
    },
  )
  const causeOf = (name: string) => JSON.stringify(uplinks.status()?.find(uplink => uplink.name === name))
  return { context, over, proving, causeOf, shown: () => shown }
}

test('a defect in one is its failure, and the proofs go on', async () => {
  let dials = 0
  const { context, over, proving, causeOf } = scene({
    dial: async () => {
      dials++
      throw new TypeError('a thing that is not there')
    },
  })
  await context.clock.runUntil(MIN_MS)
  assert.match(causeOf('eth1'), 'a defect of this program: a thing that is not there')
  await context.clock.runUntil(30 * MIN_MS)
  assert.ok(dials > 1, 'it is proved again')
  over.abort()
  await proving
})

test('what a metered uplink costs is shown while nothing is proved', async () => {
  let bytes = 0
  const settings = [{ interface: 'eth0', metered: true }]
  const { context, over, proving, shown } = scene({}, { settings, bytesOf: () => bytes })
  await context.clock.runUntil(5 * MIN_MS)
  bytes = 1_000_000
  await context.clock.runUntil(5 * MIN_MS + 11_000)
  assert.is(shown()?.find(({ name }) => name === 'eth0')?.dayBytes, 1_000_000)
  over.abort()
  await proving
})

test('one that waits for the budget and for an answer at each way is not stuck', async () => {
  const ways = { order: () => [...RUNGS], isDirectDue: () => false, tried: () => {}, ended: () => {}, proved: () => {} }
  const { context, over, proving } = scene({
    ways,
    dial: async ({ timeoutMs, signal }) => {
      await context.clock.sleep(timeoutMs, signal)
      await useBudget()
      const stream = new FakeStream() as never
      return { ok: true, transport: { stream, via: { rung: 'direct' }, localAddress: '', remoteAddress: '' } }
    },
    connect: () => new Promise(() => {}),
  })
  // What else connects, such as a search for another relay, has taken all of it at that moment.
  const useBudget = async () => {
    const over = new AbortController()
    setMaxListeners(0, over.signal)
    const taken = Array.from({ length: CONNECTIONS_A_MINUTE }, () => context.budget.take(over.signal))
    over.abort()
    await Promise.all(taken)
  }
  // It is due two seconds after the uplink came.
  await context.clock.runUntil(1_900)
  await useBudget()
  for (let atMs = 2_000; atMs < 20 * MIN_MS; atMs += 5_000) {
    await context.clock.runUntil(atMs)
    assert.equal(context.progress.stuck, [], `at ${atMs / 1000} s`)
  }
  over.abort()
  await proving
})

test.run()
