/** Turns what the loop reports into facts and details of the status; pure. */
import type { Failure } from '../failure.ts'
import type { Facts } from '../status/facts.ts'
import type { Details } from '../status/status-keeper.ts'
import type { LoopState } from './keep-connected.ts'
import type { ProofDetails } from './run-facts.ts'

/** What changes in the status. */
export interface LoopReport {
  facts: Partial<Facts>
  details: Partial<Details>
}

/** @param known the proof that the status has shown so far: it outlives the tunnel that it came by */
export function reportOf(
  state: LoopState,
  known: ProofDetails,
  { linkUp, nowMs }: { linkUp: boolean; nowMs: number },
): LoopReport {
  if (state.state === 'down') return reportDown(state.failure, state.retryMs, known, { linkUp, nowMs })
  const { relay, connectedMs, aliveMs, addressGone, offForMs, proof, details, othersSeenMs } = state.run
  const { host, port } = relay
  const maintenance = offForMs === 0 ? 'on' : Number.isFinite(offForMs) ? 'off for a time' : 'off'
  return {
    facts: {
      tunnel: { state: 'up', relay: { host, port }, aliveMs, addressGone },
      proof,
      maintenance,
      othersSeenMs,
      linkUp,
    },
    details: {
      relay: { host, port },
      connectedAt: connectedMs,
      retryAt: null,
      proof: details.provedAt === null ? { ...known, attempt: details.attempt ?? known.attempt } : details,
    },
  }
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
    details: { relay: null, connectedAt: null, retryAt: retryMs, proof: { ...known, probeMs: null, attempt } },
  }
}
