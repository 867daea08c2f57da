/** Turns what the loop reports into facts and details of the status; pure. */
import type { Intervals } from '../../formats/device-config.ts'
import { describeWay } from '../../formats/ways-out.ts'
import type { Failure } from '../failure.ts'
import type { AgeLimits, Facts } from '../status/facts.ts'
import type { Details } from '../status/status-keeper.ts'
import type { LoopState } from './keep-connected.ts'
import { silentMaxMs } from './liveness.ts'
import type { ProofDetails } from './run-facts.ts'

/** What changes in the status. */
export interface LoopReport {
  facts: Partial<Facts>
  details: Partial<Details>
}

/**
 * @param known the proof that the status has shown so far: it outlives the tunnel that it came by
 * @param isForeign whether the tunnel's relay shows another certificate than before
 */
export function reportOf(
  state: LoopState,
  known: ProofDetails,
  { linkUp, nowMs, isForeign = false }: { linkUp: boolean; nowMs: number; isForeign?: boolean },
): LoopReport {
  if (state.state === 'down') return reportDown(state.failure, state.retryMs, known, { linkUp, nowMs })
  const { relay, via, intervals, connectedMs, aliveMs, addressGone, offForMs, proof, details, othersSeenMs } = state.run
  const { host, port } = relay
  const { rung, proxy = null, nat64 = null, certificate } = via
  const way = { rung, proxy, nat64, certificate: certificate ? { ...certificate, foreign: isForeign } : null }
  const maintenance = offForMs === 0 ? 'on' : Number.isFinite(offForMs) ? 'off for a time' : 'off'
  return {
    facts: {
      tunnel: {
        state: 'up',
        relay: { host, port },
        ...(describeWay(way) !== '' && { way: describeWay(way) }),
        aliveMs,
        addressGone,
        limits: limitsOf(intervals),
      },
      proof,
      maintenance,
      othersSeenMs,
      linkUp,
    },
    details: {
      relay: { host, port },
      way,
      connectedAt: connectedMs,
      retryAt: null,
      proof: details.provedAt === null ? { ...known, attempt: details.attempt ?? known.attempt } : details,
    },
  }
}

/** How old what is known of a tunnel may be, by the intervals of its uplink. */
export function limitsOf({ keepaliveS, selftestS }: Pick<Intervals, 'keepaliveS' | 'selftestS'>): AgeLimits {
  // Two self-tests in a row did not happen.
  return { proofMaxAgeMs: (selftestS * 2 + 120) * 1000, silentMaxMs: silentMaxMs(keepaliveS * 1000) }
}

function reportDown(
  failure: Failure | undefined,
  retryMs: number | null,
  known: ProofDetails,
  { linkUp, nowMs }: { linkUp: boolean; nowMs: number },
): LoopReport {
  // A failed connection counts as a self-test that failed at its first step, so that `oobm test` gets an answer.
  const steps = [{ name: 'tunnel', ok: false, detail: failure?.cause ?? 'no network', tookMs: 0 }]
  const attempt = retryMs === null && linkUp ? known.attempt : { at: nowMs, ok: false, tookMs: 0, steps }
  return {
    facts: { tunnel: { state: 'down', failure }, proof: { state: 'none' }, linkUp },
    details: {
      relay: null,
      way: null,
      connectedAt: null,
      retryAt: retryMs,
      proof: { ...known, probeMs: null, attempt },
    },
  }
}
