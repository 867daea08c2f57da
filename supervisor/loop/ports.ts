/** What the loop needs of the world: everything that can answer, answer late or wrong, fail, or never answer comes in here. */

import type { DeviceConfig, Intervals } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Dial } from '../../transport/dial.ts'
import type { DialLocal } from '../network/dial-local.ts'
import type { Portals } from '../network/portal/portals.ts'
import type { Ways } from '../network/ways.ts'
import type { MarkerFiles } from '../proof/prove-end.ts'
import type { SelftestKey } from '../proof/selftest-key.ts'
import type { Connect } from '../ssh/connection.ts'
import type { Uplinks } from '../uplinks/uplinks.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { Patience } from './patience.ts'
import type { Progress } from './progress.ts'
import type { Logins } from './relay-login.ts'
import type { Events } from './wake.ts'

export interface Network {
  /** False while no interface has an address that could reach a relay. */
  linkUp(): boolean
  /** Whether this device still has that address. */
  hasAddress(address: string): boolean
}

export interface Ports {
  clock: Clock
  /** A number in [0, 1), as `Math.random` gives. */
  random(): number
  dial: Dial
  dialLocal: DialLocal
  connect: Connect
  ways: Pick<Ways, 'order' | 'isDirectDue' | 'tried' | 'ended' | 'proved'>
  portals: Pick<Portals, 'notReached' | 'reached'>
  network: Network
  uplinks: Uplinks
  events: Events
  files: MarkerFiles
  /** What is wrong at this device's own end, as far as it is known without the relay. */
  localFault(): string | undefined
  log: Logger
}

/** What every part of the loop is given. */
export interface Context extends Ports, Logins {
  config: DeviceConfig
  intervals: Intervals
  selftestKey: SelftestKey
  /** 32 lower-case hex digits, new at each start of the supervisor. */
  token: string
  /** Our own self-tests begin with it. */
  ownIdent: string
  patience: Patience
  budget: ConnectionBudget
  progress: Progress
  /** Aborted when the supervisor is to end. */
  signal: AbortSignal
}
