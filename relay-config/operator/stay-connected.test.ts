import * as assert from 'uvu/assert'
import type { Clock } from '../../runtime/clock.ts'
import { suite } from '../../testbed/suite.ts'
import { type Attempt, stayConnected } from './stay-connected.ts'

const test = suite('stay connected')
const LOST: Attempt = { code: 255, wasIn: true }
const FAILED: Attempt = { code: 255, wasIn: false }

/** Runs with these attempts, one after the other. */
async function run(attempts: Attempt[], abortAfter = Number.POSITIVE_INFINITY) {
  const over = new AbortController()
  let tried = 0
  const waits: number[] = []
  const told: string[] = []
  const clock: Clock = { wallMs: () => 0, nowMs: () => 0, sleep: async ms => void waits.push(ms) }
  const code = await stayConnected({
    ...{ clock, signal: over.signal },
    tell: text => told.push(text),
    connect: async () => {
      if (++tried >= abortAfter) over.abort()
      return attempts.shift() ?? FAILED
    },
  })
  return { code, tried, waits, told }
}

test('a session that ends is over, whatever its exit code is', async () => {
  for (const code of [0, 69, 77]) assert.equal((await run([{ code, wasIn: true }])).code, code)
})

test('without a first login it ends', async () => {
  const { code, tried, told } = await run([])
  assert.equal([code, tried, told], [69, 1, []])
})

test('a lost connection is opened again', async () => {
  const { code, tried, told } = await run([LOST, FAILED, FAILED, { code: 0, wasIn: true }])
  assert.equal([code, tried], [0, 4])
  assert.match(told[0] ?? '', 'the connection was lost; connecting again')
  assert.match(told[1] ?? '', 'not connected yet')
})

test('waits longer and longer, up to a bound, until it is ended', async () => {
  const { waits, code } = await run([LOST], 10)
  assert.equal(waits, [500, 1_000, 2_000, 5_000, 10_000, 15_000, 15_000, 15_000, 15_000])
  assert.is(code, 1)
})

test.run()
