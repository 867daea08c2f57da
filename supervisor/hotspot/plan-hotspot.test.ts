import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { AGAIN_MS, type HotspotFacts, LOST_MS, planHotspot, QUIET_MS, WISH_MS } from './plan-hotspot.ts'

const test = suite('when the hotspot is on')

const NOW_MS = 100 * 60_000
const FACTS: HotspotFacts = {
  nowMs: NOW_MS,
  automatic: true,
  hasWay: false,
  lostMs: NOW_MS,
  wish: undefined,
  on: undefined,
  offMs: 0,
  isByItself: true,
  askedMs: undefined,
}
const plan = (facts: Partial<HotspotFacts>) => planHotspot({ ...FACTS, ...facts })
const on = (quietMs?: number, endsAtMs?: number) => ({ quietMs, endsAtMs })

test('starts by itself five minutes after the last way out was lost, and says so before', () => {
  const lostMs = NOW_MS - LOST_MS
  assert.equal(plan({ lostMs: lostMs + 1 }), { step: undefined, next: { to: 'on', atMs: NOW_MS + 1 } })
  assert.equal(plan({ lostMs }), { step: 'hotspot-on', next: { to: 'on', atMs: NOW_MS } })
  assert.equal(plan({ lostMs, hasWay: true }), { step: undefined, next: undefined })
  assert.equal(plan({ lostMs, automatic: false }), { step: undefined, next: undefined })
})

test('gives the networks of the radio five minutes after it has ended', () => {
  const lostMs = NOW_MS - 10 * LOST_MS
  assert.is(plan({ lostMs, offMs: NOW_MS - LOST_MS + 1 }).step, undefined)
  assert.is(plan({ lostMs, offMs: NOW_MS - LOST_MS }).step, 'hotspot-on')
})

test('ends at once when a way out is proved and nobody is on it, and not while somebody is', () => {
  assert.is(plan({ hasWay: true, on: on(NOW_MS) }).step, 'hotspot-off')
  assert.equal(plan({ hasWay: true, on: on(undefined) }), { step: undefined, next: undefined })
  assert.is(plan({ hasWay: false, on: on(NOW_MS - 10 * QUIET_MS) }).step, undefined)
})

test('leaves one that a person has started five minutes for somebody to come', () => {
  const byHand = { hasWay: true, isByItself: false }
  assert.equal(plan({ ...byHand, on: on(NOW_MS) }), { step: undefined, next: { to: 'off', atMs: NOW_MS + QUIET_MS } })
  assert.is(plan({ ...byHand, on: on(NOW_MS - QUIET_MS) }).step, 'hotspot-off')
})

test('says when it ends by itself to look for its networks, and does not ask for what the unit does', () => {
  const endsAtMs = NOW_MS + 1_000
  assert.equal(plan({ on: on(NOW_MS, endsAtMs) }), { step: undefined, next: { to: 'off', atMs: endsAtMs } })
  assert.is(plan({ on: on(undefined, undefined) }).next, undefined)
})

test('does what a person wants, at once and for a while, whatever is proved', () => {
  const wish = { to: 'on', atMs: NOW_MS } as const
  assert.is(plan({ wish, hasWay: true, automatic: false }).step, 'hotspot-on')
  assert.is(plan({ wish, hasWay: true, askedMs: NOW_MS - 1 }).step, 'hotspot-on')
  assert.is(plan({ wish, hasWay: true, on: on(NOW_MS), isByItself: false }).step, undefined)
  assert.is(plan({ wish: { to: 'off', atMs: NOW_MS }, on: on(undefined) }).step, 'hotspot-off')
  assert.is(plan({ wish: { to: 'on', atMs: NOW_MS - WISH_MS }, hasWay: true }).step, undefined)
})

test('asks again after a minute for what was not granted', () => {
  const lostMs = NOW_MS - 2 * LOST_MS
  assert.is(plan({ lostMs, askedMs: NOW_MS - AGAIN_MS + 1 }).step, undefined)
  assert.is(plan({ lostMs, askedMs: NOW_MS - AGAIN_MS }).step, 'hotspot-on')
  const wish = { to: 'on', atMs: NOW_MS - AGAIN_MS - 1 } as const
  assert.is(plan({ wish, hasWay: true, askedMs: NOW_MS - AGAIN_MS + 1 }).step, undefined)
  assert.is(plan({ wish, hasWay: true, askedMs: NOW_MS - AGAIN_MS }).step, 'hotspot-on')
})

/** A board with one radio: its network is back after so many minutes, and it is in it a minute after it looks for it. */
function minutesUntilBack(networkIsBack: number): number {
  let [offMs, onSince, askedMs]: [number, number | undefined, number | undefined] = [0, undefined, undefined]
  for (let second = 0; second < 24 * 3_600; second++) {
    const nowMs = second * 1_000
    const isIn = onSince === undefined && nowMs >= networkIsBack * 60_000 && nowMs - offMs >= 60_000
    if (isIn) return nowMs / 60_000
    // The unit ends by itself.
    if (onSince !== undefined && nowMs - onSince >= QUIET_MS) onSince = undefined
    if (onSince !== undefined) offMs = nowMs
    const facts = { ...FACTS, nowMs, lostMs: 0, offMs, askedMs }
    const { step } = planHotspot({ ...facts, on: onSince === undefined ? undefined : on(onSince, onSince + QUIET_MS) })
    if (step === 'hotspot-on') [onSince, askedMs] = [nowMs, nowMs]
  }
  return Number.POSITIVE_INFINITY
}

test('a board with one radio is in its network again at the latest 6 minutes after that is back', () => {
  for (let back = 0; back < 60; back += 0.5) {
    const took = minutesUntilBack(back) - back
    assert.ok(took <= 6.1, `back after ${back} min: ${took} min`)
  }
})

test.run()
