import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Patience } from './patience.ts'
import { FakeClock } from './testing/fake-clock.ts'

const test = suite('patience')
const hangs = () => new Promise<never>(() => {})

function patient(load = { per: 1 }) {
  const clock = new FakeClock()
  const patience = new Patience({ baseMs: 20_000, clock, slowness: () => load.per })
  /** Milliseconds after which a step that hangs is abandoned. */
  const lasts = async (kind: 'step' | 'proofStep' | 'probeStep') => {
    const startedMs = clock.nowMs()
    let endedMs = 0
    void patience[kind]([], hangs).then(() => {
      endedMs = clock.nowMs()
    })
    await clock.runUntil(startedMs + 200_000)
    return endedMs - startedMs
  }
  return { clock, patience, lasts, load }
}

test('a step gives what it was run for, within its own time', async () => {
  const { patience, lasts, clock } = patient()
  for (const kind of ['step', 'proofStep', 'probeStep'] as const) assert.is(await patience[kind]([], async () => 7), 7)
  assert.is(await lasts('step'), 20_000)
  assert.is(await lasts('step'), 20_000, 'it does not grow: silence is what shows that nobody is there')
  assert.is(await lasts('probeStep'), 15_000)
  assert.is(clock.sleeping, 0)
})

test('a step is abandoned with a parent, and not begun with one that was aborted before', async () => {
  const { patience, clock } = patient()
  for (const kind of ['step', 'proofStep', 'probeStep'] as const) {
    const over = new AbortController()
    const running = patience[kind]([over.signal], hangs)
    over.abort()
    assert.is(await running, undefined)
    let isBegun = false
    await patience[kind]([AbortSignal.abort()], async () => {
      isBegun = true
    })
    assert.not(isBegun)
  }
  assert.is(clock.sleeping, 0)
})

test('after a proof’s step that ran out of time the next ones get twice as much, until a proof succeeds', async () => {
  const { patience, lasts } = patient()
  assert.is(await lasts('proofStep'), 20_000)
  assert.is(await lasts('proofStep'), 40_000)
  assert.is(await lasts('proofStep'), 40_000)
  assert.is(patience.proofMs(16), 640_000)
  patience.proved(1_000)
  assert.is(await lasts('proofStep'), 20_000)
})

test('an abort is no step that ran out of time', async () => {
  const { patience, lasts } = patient()
  await patience.proofStep([AbortSignal.abort()], hangs)
  assert.is(await lasts('proofStep'), 20_000)
})

test('a proof’s step gets three times what the slowest step of the last good proof took', async () => {
  const { patience, lasts } = patient()
  patience.proved(9_000)
  assert.is(await lasts('proofStep'), 27_000)
  patience.proved(60_000)
  assert.is(await lasts('proofStep'), 120_000, 'and never more than two minutes')
  assert.is(await lasts('step'), 20_000)
})

test('a loaded board gets more time, up to four times, and an idle one no less', () => {
  const { patience, load } = patient()
  for (const [per, stepMs] of [
    [0, 20_000],
    [1.5, 30_000],
    [4, 80_000],
    [100, 80_000],
  ] as const) {
    load.per = per
    assert.is(patience.stepMs, stepMs)
  }
})

test('a defect of a step is told', async () => {
  const { patience } = patient()
  const thrown = await patience.step([], () => Promise.reject(new Error('defect'))).catch(err => err)
  assert.is(thrown.message, 'defect')
})

test.run()
