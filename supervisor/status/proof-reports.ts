/** Turns what the tunnel finds out into facts and details of the status. */
import type { Clock } from '../../runtime/clock.ts'
import type { RelayConfig } from '../../runtime/device-config.ts'
import type { Failure } from '../tunnel/open-connection.ts'
import type { Reports } from '../tunnel/watch-tunnel.ts'
import type { StatusKeeper } from './status-keeper.ts'

export interface TunnelReports extends Reports {
  /** @param offForMs milliseconds for which maintenance is off yet: 0 while it is on, Infinity without an end */
  up(relay: RelayConfig, offForMs: number): void
  down(failure: Failure | undefined, linkUp: boolean, retryMs: number | null): void
}

/** @param onFirstProof called once, when the present configuration is known to work */
export function proofReports(keeper: StatusKeeper, clock: Clock, onFirstProof: () => void): TunnelReports {
  let provedBefore = false
  return {
    up: ({ host, port }, offForMs) => {
      const relay = { host, port }
      const maintenance = offForMs === 0 ? 'on' : Number.isFinite(offForMs) ? 'off for a time' : 'off'
      const facts = { tunnel: { state: 'up', relay }, proof: { state: 'none' }, linkUp: true, maintenance } as const
      keeper.report(facts, { relay, connectedAt: clock.nowMs(), retryAt: null })
    },
    down: (failure, linkUp, retryMs) => {
      // A connection that failed is a self-test that failed at its first step: who asks for one gets this answer.
      const steps = [{ name: 'tunnel', ok: false, detail: failure?.cause ?? 'no network', tookMs: 0 }]
      const proof = { ...keeper.proof, probeMs: null, attempt: { at: clock.nowMs(), ok: false, steps } }
      const facts = { tunnel: { state: 'down', failure }, proof: { state: 'none' }, linkUp } as const
      const sessions = { shell: 0, console: 0 }
      keeper.report({ ...facts, sessions }, { relay: null, connectedAt: null, retryAt: retryMs, proof })
    },
    selfTest: ({ ok, steps, cause }) => {
      const atMs = clock.nowMs()
      const attempt = { at: atMs, ok, steps }
      if (!ok) return keeper.report({ proof: { state: 'failed', cause } }, { proof: { ...keeper.proof, attempt } })
      if (!provedBefore) onFirstProof()
      provedBefore = true
      const tookMs = Math.round(steps.reduce((sum, step) => sum + step.tookMs, 0))
      const proof = { ...keeper.proof, attempt, provedAt: atMs, tookMs }
      keeper.report({ proof: { state: 'proved', atMs } }, { proof })
    },
    probeTook: ms => keeper.report({}, { proof: { ...keeper.proof, probeMs: Math.round(ms) } }),
    probeFailed: cause => keeper.report({ proof: { state: 'failed', cause } }),
    others: seconds => {
      keeper.report({ othersSeenMs: seconds === undefined ? undefined : clock.nowMs() - seconds * 1000 })
    },
  }
}
