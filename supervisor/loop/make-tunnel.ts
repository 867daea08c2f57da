/** From nothing to a tunnel that the relay has claimed as this device's, each step within a deadline of its own. */

import type { RelayOrder } from '../../formats/control-protocol.ts'
import type { RelayConfig } from '../../formats/device-config.ts'
import { within } from '../../runtime/waiting.ts'
import type { Way } from '../../transport/way.ts'
import type { Failure } from '../failure.ts'
import type { Connection } from '../ssh/connection.ts'
import { establish, type Tunnel } from '../tunnel/establish.ts'
import type { Context } from './ports.ts'
import { loginAt } from './relay-login.ts'

/** Milliseconds for the goodbye to a relay, so that it frees the listeners at once. */
const GOODBYE_MS = 1_000

/** A login at a relay, and the way by which it came. */
export interface Login {
  relay: RelayConfig
  via: Way
  connection: Connection
}

export interface TunnelRequest {
  relay: RelayConfig
  via: Way
  /** False beside another tunnel of ours that is to live on. */
  mayEvict: boolean
  onSessions(): void
  onOrder(order: RelayOrder): void
}

export type Made = { ok: true; tunnel: Tunnel } | { ok: false; failure: Failure }

/** Makes a tunnel of a connection; one that fails is closed. */
export async function makeTunnel(
  context: Context,
  connection: Connection,
  request: TunnelRequest,
  signal: AbortSignal,
): Promise<Made> {
  const { patience } = context
  const made = await patience.step([signal, connection.closed], deadline =>
    establish(connection, {
      ...{ ...context, ...request, signal: deadline },
      listenerPort: loginAt(context, request.relay).listenerPort,
    }),
  )
  if (made?.ok) return made
  const cause = connection.closed.aborted ? connection.closeCause() : 'the relay stopped answering after the login'
  await goodbye(connection, context)
  return made ?? { ok: false, failure: { state: 'no-relay', cause } }
}

/** Takes leave of the relay, and never waits for one that is gone. */
export async function goodbye(connection: Connection, { clock }: Pick<Context, 'clock'>): Promise<void> {
  if (!connection.closed.aborted) {
    await within(GOODBYE_MS, [connection.closed], signal => connection.end(signal), { clock })
  }
  connection.destroy()
}
