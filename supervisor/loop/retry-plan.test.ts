import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Failure } from '../failure.ts'
import { retryWaitMs, synMs } from './retry-plan.ts'

const test = suite('retry-plan')

const LIMITS = { backoffMinS: 1, backoffMaxS: 10, slowRetryS: 300 }
const NO_RELAY: Failure = { state: 'no-relay', cause: '' }
const REFUSED: Failure = { state: 'refused', cause: '' }
const DUPLICATE: Failure = { state: 'duplicate', cause: '' }
const MINUTE_MS = 60_000

/** Without jitter. */
const waitMs = (downMs: number, ...lastFailures: Failure[]) => retryWaitMs({ downMs, lastFailures }, LIMITS, () => 0.5)

for (const [downMs, expectedMs, failures] of [
  [0, 1_000, [NO_RELAY]],
  [14_999, 1_000, [NO_RELAY]],
  [15_000, 1_500, [NO_RELAY]],
  [60_000, 6_000, [NO_RELAY]],
  [100_000, 10_000, [NO_RELAY]],
  [599_999, 10_000, [NO_RELAY]],
  [600_000, 25_000, [NO_RELAY]],
  [86_400_000, 25_000, [NO_RELAY]],
  [10_000, 1_000, [REFUSED]],
  [200_000, 20_000, [REFUSED]],
  [599_999, 25_000, [DUPLICATE]],
  [600_000, 60_000, [REFUSED]],
  [86_400_000, 300_000, [REFUSED, DUPLICATE]],
  [86_400_000, 25_000, [REFUSED, NO_RELAY]],
  [86_400_000, 25_000, []],
] as const) {
  const states = failures.map(({ state }) => state).join(' and ') || 'nothing tried'
  test(`waits ${expectedMs / 1000} s after ${downMs / 1000} s of ${states}`, () => {
    assert.is(waitMs(downMs, ...failures), expectedMs)
  })
}

test('no wait is longer than 30 s in the first ten minutes, whatever the last failures were', () => {
  for (const failure of [NO_RELAY, REFUSED, DUPLICATE]) {
    for (let downMs = 0; downMs < 10 * MINUTE_MS; downMs += 1_000) {
      assert.ok(retryWaitMs({ downMs, lastFailures: [failure] }, LIMITS, () => 0.999) <= 30_000)
    }
  }
})

test('waits differ by up to a fifth, so that many devices do not come at one moment', () => {
  const at = (random: number) => retryWaitMs({ downMs: 0, lastFailures: [NO_RELAY] }, LIMITS, () => random)
  assert.is(at(0), 800)
  assert.is(at(0.75), 1_100)
  assert.is(at(0.999), 1_200)
})

test('a relay that turns away is left alone for 2 to 10 s, however short the tunnel has been down', () => {
  const turnedAway: Failure = { ...NO_RELAY, turnedAway: true }
  const at = (random: number) => retryWaitMs({ downMs: 0, lastFailures: [REFUSED, turnedAway] }, LIMITS, () => random)
  assert.is(at(0), 2_000)
  assert.is(at(0.5), 6_000)
  assert.is(waitMs(0, turnedAway, NO_RELAY), 1_000, 'the other relay is not asked for less')
})

test('the first try after a tunnel that worked is made within 0.3 s, and not by all devices at one moment', () => {
  const at = (random: number) => retryWaitMs({ isFirst: true, downMs: 0, lastFailures: [] }, LIMITS, () => random)
  assert.is(at(0), 0)
  assert.is(at(0.999_999), 300)
})

test('a shortest wait above the others is kept', () => {
  const limits = { ...LIMITS, backoffMinS: 60 }
  assert.is(
    retryWaitMs({ downMs: 30_000, lastFailures: [NO_RELAY] }, limits, () => 0.5),
    60_000,
  )
})

test('a TCP connection has little time while tries are quick', () => {
  assert.is(synMs(14_999), 2_000)
  assert.is(synMs(15_000), 10_000)
})

test.run()
