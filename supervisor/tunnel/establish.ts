/** From a login at a relay to a tunnel: the relay records the connection as this device's; its listeners can be opened and closed. */

import { formatSpare, type RelayOrder } from '../../formats/control-protocol.ts'
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import { listenersOf } from '../../formats/listeners.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { within } from '../../runtime/waiting.ts'
import type { Way } from '../../transport/way.ts'
import type { Failure } from '../failure.ts'
import type { DialLocal } from '../network/dial-local.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Control } from './control-channel.ts'
import { claim } from './device-commands.ts'
import { type Forwarding, forwardChannels, type Route } from './forward-channels.ts'
import { cancelListeners, requestListeners } from './request-listeners.ts'

/** A connection that the relay has claimed as this device's. */
export interface Tunnel {
  connection: Connection
  relay: RelayConfig
  /** The way by which its connection came. */
  via: Way
  routes: readonly Route[]
  forwarding: Forwarding
  /** Undefined where the relay does not know the device commands. */
  control: Control | undefined
  /** Requests all listeners; returns why the relay does not give them. */
  openListeners(signal: AbortSignal): Promise<Failure | undefined>
  /**
   * Cancels the listeners and ends nobody, nor does the relay's next eviction; true if none is left. The next `openListeners`
   * asks for them anew.
   */
  freeListeners(signal: AbortSignal): Promise<boolean>
  /**
   * Accepts nobody new, cancels the listeners and ends all sessions; true if no listener is left.
   * @param farewell tells people on consoles before; returns when they know
   * @param graceMs for that: short where an operator waits
   */
  closeListeners(
    signal: AbortSignal,
    farewell: (signal: AbortSignal) => Promise<unknown>,
    graceMs?: number,
  ): Promise<boolean>
}

export interface EstablishOptions {
  config: DeviceConfig
  /** The listener of the shell, where it is not the one of the configuration. */
  listenerPort?: number
  relay: RelayConfig
  via: Way
  /** 32 lower-case hex digits, new at each start of the supervisor. */
  token: string
  /** Our own self-tests begin with it. */
  ownIdent: string
  /** False beside another tunnel of this device that must continue: a listener that is taken is then left alone. */
  mayEvict: boolean
  dialLocal: DialLocal
  clock: Clock
  signal: AbortSignal
  onSessions(): void
  /** What the relay says, beginning with whether maintenance is off, before any listener is asked for. */
  onOrder(order: RelayOrder): void
  log: Logger
}

/** Milliseconds in which people on consoles are told that it ends: an operator who switches off waits for it. */
const FAREWELL_MS = 700
/** The same where nobody waits: a board that is busy takes as long to log in to its own bridge. */
export const UNHURRIED_FAREWELL_MS = 3_000

export async function establish(
  connection: Connection,
  options: EstablishOptions,
): Promise<{ ok: true; tunnel: Tunnel } | { ok: false; failure: Failure }> {
  const { relay, via, token, ownIdent, mayEvict, dialLocal, clock, signal, onSessions, onOrder, log } = options
  const claimed = await claim(connection, token, signal)
  if (connection.closed.aborted) return { ok: false, failure: { state: 'no-relay', cause: connection.closeCause() } }
  switch (claimed.kind) {
    case 'superseded': {
      const cause = 'another device with the same identity connected later; this device does not take the place back'
      return { ok: false, failure: { state: 'duplicate', cause } }
    }
    case 'silent':
      return { ok: false, failure: { state: 'no-relay', cause: 'the relay stopped answering after the login' } }
    case 'unknown': {
      const { detail } = claimed
      log.warn({ relay: relay.host, detail }, 'the relay does not know the device commands: it cannot end old sessions')
      break
    }
    case 'claimed':
      break
    default:
      claimed satisfies never
  }
  const routes = routesOf(options)
  const forwarding = forwardChannels(connection, { routes, dialLocal, ownIdent, onChange: onSessions, clock, log })
  const control = claimed.kind === 'claimed' ? claimed.control : undefined
  if (control) control.listen(onOrder)
  // A relay without the commands cannot switch access off.
  else onOrder({ type: 'maintenance', off: false })
  /** Whether the relay gave all of them; `maybe` after a cancellation that it did not confirm. */
  let held: 'yes' | 'no' | 'maybe' = 'no'
  let isSpared = false
  const spare = (next: boolean) => {
    if (next !== isSpared) control?.send(formatSpare(next))
    isSpared = next
  }
  const tunnel: Tunnel = {
    ...{ connection, relay, via, routes, forwarding, control },
    openListeners: async signal => {
      if (held === 'yes') return undefined
      forwarding.letIn(true)
      spare(false)
      const onEvicted = (count: number) =>
        log.info({ relay: relay.host, count }, 'evicted stale sessions of this device')
      const may = mayEvict && control !== undefined
      const failure = await requestListeners(connection, { routes, mayEvict: may, clock, signal, onEvicted })
      held = failure === undefined ? 'yes' : 'no'
      return failure
    },
    freeListeners: async signal => {
      if (held === 'no') return true
      const isFree = await cancelListeners(connection, routes, { wasAsked: held === 'maybe', signal })
      held = isFree ? 'no' : 'maybe'
      const { shell, console } = forwarding.sessions()
      if (isFree && shell + console > 0) spare(true)
      return isFree
    },
    closeListeners: async (signal, farewell, graceMs = FAREWELL_MS) => {
      forwarding.letIn(false)
      if (forwarding.sessions().console > 0) {
        const takeLeave = async (deadline: AbortSignal) => {
          await farewell(deadline)
          await forwarding.consolesLeft(deadline)
        }
        await within(graceMs, [signal], takeLeave, { clock })
      }
      forwarding.endAll()
      return tunnel.freeListeners(signal)
    },
  }
  return { ok: true, tunnel }
}

function routesOf({
  config,
  listenerPort = config.listenerPort,
}: Pick<EstablishOptions, 'config' | 'listenerPort'>): Route[] {
  const listeners = listenersOf(listenerPort)
  return [
    { name: 'shell', listener: listeners.shell, target: config.shell.port },
    { name: 'console', listener: listeners.console, target: config.bridge.port },
  ]
}
