/** What the supervisor knows: the only input from which its status is derived. Times are monotonic milliseconds. */
import type { Failure } from '../failure.ts'

export interface Facts {
  /** Why the configuration file cannot be used; undefined while it can. */
  configurationFault: string | undefined
  /** Why the status file cannot be written; undefined while it can. Who reads it would believe an old one. */
  statusFault: string | undefined
  /** Some interface has an address that reaches further than the cable. */
  linkUp: boolean
  /** Modems that are dialled, and no uplinks now, each with why. */
  modems: readonly { name: string; why: string }[]
  /** The hotspot of this board, while it is on and nothing leads out. */
  hotspot: { ssid: string; address: string } | undefined
  tunnel: TunnelFact
  /** The captive portals that are in the way, by interface; text of strangers. */
  portals: readonly { interface: string | undefined; page: string }[]
  proof: ProofFact
  /** What is wrong at this end, found without the relay. */
  local: { shell: string | undefined; console: string | undefined }
  /** Configured consoles whose line is not open, each with why; undefined while the bridge does not say. */
  closedConsoles: readonly { name: string; cause: string }[] | undefined
  /** When another supervisor with this identity was last turned away. */
  othersSeenMs: number | undefined
  /** The operator has switched remote maintenance off, and the listeners are closed. */
  maintenance: 'on' | 'off' | 'off for a time'
  /** People's sessions through tunnels now. */
  sessions: { shell: number; console: number }
  /** Consoles on which somebody is, as far as the bridge says. */
  consolesInUse: readonly string[]
}

export type TunnelFact =
  | { state: 'down'; failure: Failure | undefined }
  | {
      state: 'up'
      relay: { host: string; port: number }
      /** What the way that it goes has beside a plain connection, for people. */
      way?: string
      /** When the relay last gave a sign of life on this connection. */
      aliveMs: number
      /** The address that this connection comes from is gone from this device. */
      addressGone: boolean
      limits: AgeLimits
    }

/** In milliseconds. */
export interface AgeLimits {
  /** For which a proof holds; past it, something that should have renewed it did not. */
  proofMaxAgeMs: number
  /** After the last sign of life, for which a tunnel counts as working. */
  silentMaxMs: number
}

export type ProofFact =
  /** Nothing was tried on this tunnel yet. */
  | { state: 'none' }
  /** `note` says what else was found, such as that new connections to the relay fail. */
  | { state: 'proved'; atMs: number; note: string | undefined }
  | { state: 'failed'; cause: string }

export const FIRST_FACTS: Facts = {
  configurationFault: undefined,
  statusFault: undefined,
  linkUp: true,
  modems: [],
  hotspot: undefined,
  tunnel: { state: 'down', failure: undefined },
  portals: [],
  proof: { state: 'none' },
  local: { shell: undefined, console: undefined },
  closedConsoles: undefined,
  othersSeenMs: undefined,
  maintenance: 'on',
  sessions: { shell: 0, console: 0 },
  consolesInUse: [],
}
