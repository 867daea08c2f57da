import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { retryWaitMs, synMs } from './retry-plan.ts'
import { randomFrom } from './testing/history.ts'

const test = suite('a thousand devices come at once')

/** Connections that wait for sshd: its backlog (SSH_LISTEN_BACKLOG). Linux drops a SYN that comes while they are so many. */
const BACKLOG = 128
/** Milliseconds after which TCP sends a SYN again, from the one before (RFC 6298: 1 s, then twice as long). */
const SYN_AGAIN_MS = [1_000, 2_000, 4_000]

/**
 * Devices that lost their relay at one moment, before a sshd that takes so many a second.
 * @returns milliseconds until the last of them is taken, and how many SYNs were dropped
 */
function takenAfter({ devices, aSecond }: { devices: number; aSecond: number }): { lastMs: number; dropped: number } {
  const random = randomFrom(7)
  const limits = { backoffMinS: 1, backoffMaxS: 60, slowRetryS: 300 }
  const events = new Map<number, (() => void)[]>()
  const at = (ms: number, run: () => void) => events.set(Math.ceil(ms), [...(events.get(Math.ceil(ms)) ?? []), run])
  let waiting = 0
  let taken = 0
  let dropped = 0
  const attempt = (startMs: number, nowMs: number, syn: number) => {
    if (waiting < BACKLOG) {
      waiting++
      return
    }
    dropped++
    const againMs = nowMs + (SYN_AGAIN_MS[syn] as number)
    const giveUpMs = startMs + synMs(startMs)
    if (againMs < giveUpMs) {
      at(againMs, () => attempt(startMs, againMs, syn + 1))
      return
    }
    const nextMs = giveUpMs + retryWaitMs({ downMs: giveUpMs, lastFailures: [] }, limits, random)
    at(nextMs, () => attempt(nextMs, nextMs, 0))
  }
  for (let device = 0; device < devices; device++) {
    const firstMs = retryWaitMs({ isFirst: true, downMs: 0, lastFailures: [] }, limits, random)
    at(firstMs, () => attempt(firstMs, firstMs, 0))
  }
  for (let ms = 0; ms < 600_000; ms++) {
    for (const run of events.get(ms) ?? []) run()
    if (waiting > 0 && (ms * aSecond) % 1_000 < aSecond) {
      waiting--
      taken++
    }
    if (taken === devices) return { lastMs: ms, dropped }
  }
  throw new Error(`${taken} of ${devices} are taken after ten minutes`)
}

test('sshd’s queue overflows, and is not empty meanwhile: they are taken as fast as sshd can', () => {
  for (const [devices, aSecond] of [
    [300, 50],
    [1_000, 50],
    [1_000, 200],
  ] as const) {
    const { lastMs, dropped } = takenAfter({ devices, aSecond })
    const leastMs = (devices / aSecond) * 1_000
    assert.ok(dropped > 0, `${devices} devices, ${aSecond} a second: no SYN was dropped`)
    assert.ok(lastMs <= leastMs * 1.3 + 3_000, `${devices} devices, ${aSecond} a second: ${lastMs} of ${leastMs} ms`)
  }
})

test.run()
