/** From nothing to a tunnel that the relay has claimed as this device's, each step within a deadline of its own. */

import type { RelayOrder } from '../../formats/control-protocol.ts'
import type { RelayConfig } from '../../formats/device-config.ts'
import { within } from '../../runtime/waiting.ts'
import type { Failure } from '../failure.ts'
import type { Via } from '../network/dial.ts'
import type { Connection } from '../ssh/connection.ts'
import { establish, type Tunnel } from '../tunnel/establish.ts'
import { type Reached, reachRelay } from '../tunnel/reach-relay.ts'
import type { Context } from './ports.ts'

/** Milliseconds for the goodbye to a relay, so that it frees the listeners at once. */
const GOODBYE_MS = 1_000

/** A login at a relay, and the way by which it came. */
export interface Login {
  relay: RelayConfig
  via: Via
  connection: Connection
}

export interface ReachRequest {
  relay: RelayConfig
  via?: Via
  /** Milliseconds for a TCP connection to come about; twice as many for the relay to greet, where that is less than usual. */
  synMs: number
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
}

/** Logs in at a relay over a fresh connection, within the budget. */
export async function reach(context: Context, request: ReachRequest, signal: AbortSignal): Promise<Reached> {
  const { budget, patience, clock, dial, connect, credentials } = context
  if (!(await budget.take(signal))) return { ok: false, failure: { state: 'no-relay', cause: 'it was stopped' } }
  const greetMs = Math.min(patience.stepMs / 2, patience.stretch(request.synMs * 2))
  return reachRelay({ ...request, greetMs, credentials, dial, connect, clock, stepMs: patience.stepMs, signal })
}

export interface TunnelRequest {
  relay: RelayConfig
  via: Via
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
    establish(connection, { ...context, ...request, signal: deadline }),
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
