import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { watchFlow } from './watch-flow.ts'

const test = suite('flow watch')

/** A line whose adapter sends what it has only while `sends`, and whose CTS is `cts`. */
function watched(context: TestContext) {
  const line = { written: 0, sends: true, cts: undefined as boolean | undefined, asked: 0 }
  const told: string[] = []
  const clock = quickClock()
  const ending = new AbortController()
  context.cleanup(() => ending.abort())
  void watchFlow(
    {
      bytesWritten: () => line.written,
      clearToSend: async () => line.cts,
      onWire: async signal => {
        line.asked++
        while (!line.sends && !signal.aborted) await clock.sleep(50, signal)
      },
    },
    { clock, signal: ending.signal, heldMs: 5_000, onHeld: held => told.push(held ? 'held' : 'free again') },
  )
  const pass = (ms: number) => clock.sleep(ms, ending.signal)
  return { line, told, pass }
}

test('does not check a line to which nothing was written', async context => {
  const { line, told, pass } = watched(context)
  await pass(60_000)
  assert.equal([line.asked, told], [0, []])
  line.written = 1
  await pass(60_000)
  assert.equal([line.asked, told], [1, []])
})

test('a line is held while its adapter keeps bytes, and free again after', async context => {
  const { line, told, pass } = watched(context)
  line.sends = false
  line.written = 10
  await pass(5_000)
  assert.equal(told, [])
  await pass(5_000)
  assert.equal(told, ['held'])
  line.sends = true
  await pass(5_000)
  assert.equal(told, ['held', 'free again'])
})

test('a paste that moves is not held, although the adapter is never empty', async context => {
  const { line, told, pass } = watched(context)
  line.sends = false
  for (let second = 0; second < 60; second++) {
    line.written += 960
    await pass(1_000)
  }
  assert.equal(told, [])
})

test('CTS that is low for a moment is normal; for longer, the line is held', async context => {
  const { line, told, pass } = watched(context)
  line.cts = false
  await pass(3_000)
  line.cts = true
  await pass(3_000)
  assert.equal(told, [])
  line.cts = false
  await pass(10_000)
  assert.equal(told, ['held'])
  line.cts = true
  await pass(3_000)
  assert.equal(told, ['held', 'free again'])
})

test.run()
