/** What the supervisor knows: the only input from which its status is derived. Times are monotonic milliseconds. */
import type { Failure } from '../tunnel/open-connection.ts'

export interface Facts {
  /** Why the configuration file cannot be used; undefined while it can. */
  configurationFault: string | undefined
  /** Some interface has an address that reaches further than the cable. */
  linkUp: boolean
  tunnel: TunnelFact
  proof: ProofFact
  /** When another supervisor with this identity was last turned away. */
  othersSeenMs: number | undefined
  /** The operator has switched remote maintenance off, and the listeners are closed. */
  maintenance: 'on' | 'off' | 'off for a time'
  /** People's sessions through the tunnel now. */
  sessions: { shell: number; console: number }
}

export type TunnelFact =
  | { state: 'down'; failure: Failure | undefined }
  | { state: 'up'; relay: { host: string; port: number } }

export type ProofFact =
  /** Nothing was tried on this tunnel yet. */
  { state: 'none' } | { state: 'proved'; atMs: number } | { state: 'failed'; cause: string }

export const FIRST_FACTS: Facts = {
  configurationFault: undefined,
  linkUp: true,
  tunnel: { state: 'down', failure: undefined },
  proof: { state: 'none' },
  othersSeenMs: undefined,
  maintenance: 'on',
  sessions: { shell: 0, console: 0 },
}
