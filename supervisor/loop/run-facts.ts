/** What is known of one tunnel: its loops write it, and the status follows from it. Times are monotonic milliseconds. */
import type { Intervals, RelayConfig } from '../../formats/device-config.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { Way as SshWay } from '../../transport/way.ts'
import type { ProofFact } from '../status/facts.ts'
import type { Way } from '../uplinks/uplinks.ts'

/** The proof as the status file shows it; instants are monotonic here. */
export type ProofDetails = SupervisorStatus['proof']

export interface RunFacts {
  relay: RelayConfig
  /** The uplink that it goes by. */
  way: Way
  /** Those of its uplink. */
  intervals: Intervals
  via: SshWay
  connectedMs: number
  /** When the relay last gave a sign of life. */
  aliveMs: number
  addressGone: boolean
  /** Milliseconds for which maintenance is off yet: 0 while it is on, Infinity without an end; at the time of the report. */
  offForMs: number
  /** Its listeners are open, as far as the relay said. */
  isOpen: boolean
  proof: ProofFact
  details: ProofDetails
  othersSeenMs: number | undefined
}

export const NO_PROOF: ProofDetails = { provedAt: null, by: null, tookMs: null, attempt: null, probeMs: null }
