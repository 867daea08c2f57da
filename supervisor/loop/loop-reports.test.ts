import * as assert from 'uvu/assert'
import type { Intervals } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import type { LoopState } from './keep-connected.ts'
import { reportOf } from './loop-reports.ts'
import { NO_PROOF, type ProofDetails, type RunFacts } from './run-facts.ts'

const test = suite('loop-reports')

const AT = { linkUp: true, nowMs: 9_000 }
const KNOWN: ProofDetails = {
  ...{ provedAt: 4_000, by: 'self-test', tookMs: 700, probeMs: 40 },
  attempt: { at: 4_000, ok: true, tookMs: 700, steps: [] },
}
const RUN: RunFacts = {
  relay: { host: 'relay', port: 443, user: 'oobm', hostKeys: [] },
  way: { uplink: 'eth0', interface: undefined, isMetered: false },
  intervals: { keepaliveS: 60, selftestS: 1_000 } as Intervals,
  via: { rung: 'direct' },
  ...{ connectedMs: 5_000, aliveMs: 8_000, addressGone: false, offForMs: 0, isOpen: true },
  ...{ proof: { state: 'none' }, details: NO_PROOF, othersSeenMs: undefined },
}

const up = (changes: Partial<RunFacts> = {}, known = KNOWN) =>
  reportOf({ state: 'up', run: { ...RUN, ...changes } }, known, AT)
const down = (changes: Partial<LoopState & { state: 'down' }> = {}, at = AT) =>
  reportOf({ state: 'down', failure: undefined, retryMs: null, ...changes }, KNOWN, at)

test('a tunnel that is up is told as it is', () => {
  const { facts, details } = up({ proof: { state: 'failed', cause: 'x' }, othersSeenMs: 7_000, addressGone: true })
  assert.equal(facts, {
    tunnel: {
      ...{ state: 'up', relay: { host: 'relay', port: 443 }, aliveMs: 8_000, addressGone: true },
      limits: { silentMaxMs: 80_000, proofMaxAgeMs: 2_120_000 },
    },
    ...{ proof: { state: 'failed', cause: 'x' }, maintenance: 'on', othersSeenMs: 7_000, linkUp: true },
  })
  assert.equal(details.relay, { host: 'relay', port: 443 })
  assert.is(details.connectedAt, 5_000)
  assert.is(details.retryAt, null)
})

test('maintenance is on, off for a time, or off', () => {
  assert.is(up({ offForMs: 0 }).facts.maintenance, 'on')
  assert.is(up({ offForMs: 60_000 }).facts.maintenance, 'off for a time')
  assert.is(up({ offForMs: Number.POSITIVE_INFINITY }).facts.maintenance, 'off')
})

test('the last proof is shown until a new tunnel has one of its own', () => {
  assert.equal(up().details.proof, KNOWN)
  const attempt = { at: 6_000, ok: false, tookMs: 90, steps: [] }
  assert.equal(up({ details: { ...NO_PROOF, attempt } }).details.proof, { ...KNOWN, attempt })
  const own: ProofDetails = { provedAt: 7_000, by: 'login', tookMs: 300, probeMs: null, attempt: null }
  assert.equal(up({ details: own }).details.proof, own)
})

test('without a tunnel nothing is proved; the last proof and its age are kept', () => {
  const failure = { state: 'no-relay', cause: 'the relay does not answer' } as const
  const { facts, details } = down({ failure, retryMs: 9_500 })
  assert.equal(facts, { tunnel: { state: 'down', failure }, proof: { state: 'none' }, linkUp: true })
  assert.is(details.relay, null)
  assert.is(details.connectedAt, null)
  assert.is(details.retryAt, 9_500)
  assert.is(details.proof?.provedAt, 4_000)
  assert.is(details.proof?.probeMs, null, 'a probe of a tunnel that is gone says nothing')
})

test('a connection that failed is a self-test that failed at its first step', () => {
  const failure = { state: 'refused', cause: 'it does not accept the key' } as const
  assert.equal(down({ failure, retryMs: 9_500 }).details.proof?.attempt, {
    ...{ at: 9_000, ok: false, tookMs: 0 },
    steps: [{ name: 'tunnel', ok: false, detail: 'it does not accept the key', tookMs: 0 }],
  })
})

test('a try that goes on is no attempt that failed, and a device without a network has one', () => {
  assert.equal(down().details.proof?.attempt, KNOWN.attempt)
  const { facts, details } = down({}, { ...AT, linkUp: false })
  assert.is(facts.linkUp, false)
  assert.is(details.proof?.attempt?.ok, false)
  assert.is(details.proof?.attempt?.steps[0]?.detail, 'no network')
})

test.run()
