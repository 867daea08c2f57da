import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import type { Loss } from '../console/loss.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { PASTE_BYTES, PasteGate } from './paste-gate.ts'

const test = suite('paste gate')
const LOSS: Loss = { kind: 'break', text: 'bob sent BREAK' }

function withGate(context: TestContext, { answersMs = 50 as number | undefined } = {}) {
  const clock = quickClock()
  const over = new AbortController()
  context.cleanup(() => over.abort())
  const opened: number[] = []
  const roundTrips: number[] = []
  const gate = new PasteGate({
    clock,
    over: over.signal,
    roundTrip: async signal => {
      roundTrips.push(clock.nowMs())
      await clock.sleep(answersMs ?? 3_600_000, signal)
    },
    onOpen: bytes => opened.push(bytes),
  })
  const pass = (ms: number) => clock.sleep(ms, new AbortController().signal)
  /** Bytes as they come from a paste over a link: some every so many milliseconds. */
  const paste = async (times: number, everyMs: number, bytes: number) => {
    for (let time = 0; time < times; time++) {
      gate.came(bytes)
      await pass(everyMs)
    }
  }
  return { gate, opened, roundTrips, pass, paste }
}

test('lets everything through while open, and tells a paste from typing', async context => {
  const { gate, pass, paste } = withGate(context)
  assert.is(gate.came(1), undefined)
  assert.not(gate.isPasting)
  await paste(100, 33, 3)
  assert.not(gate.isPasting, 'an arrow key that is held down')
  gate.came(PASTE_BYTES)
  assert.ok(gate.isPasting)
  await pass(1_001)
  assert.not(gate.isPasting)
})

test('opens with the client’s answer where nothing was pasted', async context => {
  const { gate, opened, pass } = withGate(context)
  gate.came(1)
  gate.close(LOSS, false)
  assert.equal(gate.came(2), LOSS)
  await pass(60)
  assert.equal(opened, [2])
  assert.is(gate.came(1), undefined)
})

test('drops a paste until it pauses, however slow the link is', async context => {
  const { gate, opened, pass, paste } = withGate(context)
  await paste(10, 100, 500)
  gate.close(LOSS, false)
  await paste(50, 900, 500)
  assert.equal(opened, [])
  await pass(1_100)
  assert.equal(opened, [25_000])
})

test('drops a paste that goes on after the answer until it pauses, too', async context => {
  const { gate, opened, pass, paste } = withGate(context, { answersMs: 3_000 })
  gate.close(LOSS, true)
  await pass(2_000)
  // What a stopped client sends after its window was opened.
  await paste(20, 100, 1_000)
  await pass(3_000)
  assert.equal(opened, [])
  await pass(5_000)
  assert.equal(opened, [20_000])
})

test('gives up on a client that never answers', async context => {
  const { gate, opened, roundTrips, pass } = withGate(context, { answersMs: undefined })
  gate.close(LOSS, false)
  await pass(11_000)
  assert.equal([opened, roundTrips.length], [[0], 1])
})

test('opens at once after a new decision', async context => {
  const { gate, opened, paste, pass } = withGate(context)
  await paste(1, 10, 1_000)
  gate.close(LOSS, false)
  gate.came(7)
  gate.open()
  assert.equal(opened, [7])
  assert.is(gate.came(1), undefined)
  await pass(10_000)
  assert.equal(opened, [7], 'and only once')
})

test.run()
