import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../tools/suite.ts'
import type { Ending } from './connect-once.ts'
import { keepConnected } from './keep-connected.ts'
import type { Wake } from './wake.ts'

const test = suite('keep-connected')
const INTERVALS = {
  keepaliveS: 15,
  probeS: 60,
  reportS: 300,
  selftestS: 900,
  timeoutS: 20,
  backoffMinS: 1,
  backoffMaxS: 60,
  slowRetryS: 300,
  stableS: 60,
}
const RELAYS = ['one', 'two'].map(host => ({ host, port: 443, user: 'oobm', hostKeys: [] }))
const failed = (word: 'no-relay' | 'refused'): Ending => ({ kind: 'failed', failure: { word, cause: 'x' } })

interface Played {
  tried: string[]
  waitsMs: number[]
}

/** Plays a list of endings against the loop, with a wait that takes no time and no randomness (the longest waits). */
async function play(
  context: TestContext,
  relays: typeof RELAYS,
  endings: { ending: Ending; tookMs?: number }[],
  linkUp: () => boolean = () => true,
): Promise<Played> {
  const controller = new AbortController()
  context.cleanup(() => controller.abort())
  let nowMs = 0
  const tried: string[] = []
  const waitsMs: number[] = []
  const wake = {
    wait: async (ms: number) => {
      waitsMs.push(ms)
      nowMs += ms
      return new Set()
    },
  } as unknown as Wake
  await keepConnected({
    relays,
    intervals: INTERVALS,
    clock: { nowMs: () => nowMs, wallMs: () => nowMs, sleep: async () => {} },
    random: () => 1,
    wake,
    signal: controller.signal,
    linkUp,
    onDown: () => {},
    connect: async ({ host }) => {
      const next = endings.shift()
      if (next === undefined) return { kind: 'stopped' }
      tried.push(host)
      nowMs += next.tookMs ?? 0
      return next.ending
    },
  })
  return { tried, waitsMs }
}

const one = RELAYS.slice(0, 1)

test('waits longer after each failure, up to the cap', async context => {
  const endings = Array.from({ length: 9 }, () => ({ ending: failed('no-relay') }))
  const { waitsMs } = await play(context, one, endings)
  assert.equal(
    waitsMs.map(ms => ms / 1000),
    [1, 2, 4, 8, 16, 32, 60, 60, 60],
  )
})

test('waits longer still where only a person can help', async context => {
  const { waitsMs } = await play(
    context,
    one,
    Array.from({ length: 10 }, () => ({ ending: failed('refused') })),
  )
  assert.equal(
    waitsMs.slice(-4).map(ms => ms / 1000),
    [64, 128, 256, 300],
  )
})

test('begins the backoff anew after a stable uptime, not after a mere connect', async context => {
  const lost: Ending = { kind: 'lost', cause: 'x' }
  const { waitsMs } = await play(context, one, [
    { ending: failed('no-relay') },
    { ending: failed('no-relay') },
    { ending: lost, tookMs: 59_000 },
    { ending: lost, tookMs: 61_000 },
  ])
  assert.equal(
    waitsMs.map(ms => ms / 1000),
    [1, 2, 4, 1],
  )
})

test('tries the next relay soon, and the first one again after a tunnel that was up', async context => {
  const { tried, waitsMs } = await play(context, RELAYS, [
    { ending: failed('no-relay') },
    { ending: failed('no-relay') },
    { ending: failed('no-relay') },
    { ending: { kind: 'lost', cause: 'x' }, tookMs: 1_000_000 },
    { ending: failed('no-relay') },
  ])
  assert.equal(tried, ['one', 'two', 'one', 'two', 'one'])
  assert.equal(
    waitsMs.map(ms => ms / 1000),
    [1, 1, 1, 1, 1],
  )
})

test('tries nothing while there is no link', async context => {
  let looks = 0
  const { tried, waitsMs } = await play(context, one, [{ ending: failed('no-relay') }], () => ++looks > 2)
  assert.equal(tried, ['one'])
  assert.equal(waitsMs, [30_000, 30_000, 1_000])
})

test('goes to the relay that it is sent to, and begins with that one from then on', async context => {
  const [, two] = RELAYS
  const redirected: Ending = { kind: 'redirected', relay: two as (typeof RELAYS)[number] }
  const lost: Ending = { kind: 'lost', cause: 'x' }
  const endings = [redirected, lost, failed('no-relay'), failed('no-relay'), failed('no-relay')]
  const { tried } = await play(
    context,
    RELAYS,
    endings.map(ending => ({ ending })),
  )
  assert.equal(tried, ['one', 'two', 'two', 'one', 'two'])
})

test.run()
