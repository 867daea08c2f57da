/** Keeps a claimed connection: its listeners are open and proved, or closed while access is switched off. */
import { setMaxListeners } from 'node:events'
import type { RelayConfig } from '../../formats/device-config.ts'
import { controllerUnder, OVER, within } from '../../runtime/waiting.ts'
import type { Failure } from '../failure.ts'
import { type Tunnel, UNHURRIED_FAREWELL_MS } from '../tunnel/establish.ts'
import type { Orders } from '../tunnel/orders.ts'
import type { Context } from './ports.ts'

export type HoldEnding =
  /** The relay does not give the listeners, or the way back cannot be proved. */
  | { kind: 'failed'; failure: Failure }
  /** The relay sends the device to another one of its relays. */
  | { kind: 'redirected'; relay: RelayConfig }
  /** Somebody else ended it. */
  | { kind: 'over' }

export interface HoldOptions {
  context: Context
  orders: Orders
  /** Aborted when the tunnel ends. */
  over: AbortSignal
  /** The listeners are open, or closed by order for so many milliseconds. */
  onState(isOpen: boolean, offForMs: number): void
  /** Tells people on consoles that access was switched off. */
  farewell(signal: AbortSignal): Promise<unknown>
  /** Tells people on consoles that this tunnel ends. */
  tell(text: string, signal: AbortSignal): Promise<unknown>
  /** Proves the open tunnel until `over` is aborted; returns why it cannot be used. */
  prove(over: AbortSignal): Promise<Failure | undefined>
}

/** What becomes of who is in, as the end of a sentence. */
export const CLOSES = 'sessions by that relay end now; connect again in a moment'

/** A longer timer is not needed: the loop looks again before that. */
const LONGEST_WAIT_MS = 3_600_000

/** Returns when the tunnel is to end. */
export async function holdTunnel(tunnel: Tunnel, options: HoldOptions): Promise<HoldEnding> {
  const { context, orders, over, onState, farewell, tell, prove } = options
  const { clock, patience } = context
  for (;;) {
    if (over.aborted) return { kind: 'over' }
    // Taken before the orders are read, so that no later order is missed.
    const { changed } = orders
    const redirect = orders.takeRedirect()
    if (redirect && redirect !== tunnel.relay) {
      const { relay } = tunnel
      const text = `${relay.host}:${relay.port} sends this device to ${redirect.host}:${redirect.port}: ${CLOSES}`
      await patience.step([over], signal =>
        tunnel.closeListeners(signal, until => tell(text, until), UNHURRIED_FAREWELL_MS),
      )
      return over.aborted ? { kind: 'over' } : { kind: 'redirected', relay: redirect }
    }
    const offForMs = orders.offForMs()
    if (offForMs > 0) {
      const isClosed = await patience.step([over], signal => tunnel.closeListeners(signal, farewell))
      if (over.aborted) return { kind: 'over' }
      if (!isClosed) {
        const cause = 'the relay did not close the listeners when the operator switched access off'
        return { kind: 'failed', failure: { state: 'no-relay', cause } }
      }
      onState(false, offForMs)
      await within(Math.min(offForMs, LONGEST_WAIT_MS), [over, changed], () => new Promise(() => {}), { clock })
      continue
    }
    const opened = await patience.step([over], async signal => ({ failure: await tunnel.openListeners(signal) }))
    if (over.aborted) return { kind: 'over' }
    if (opened === undefined) {
      return {
        kind: 'failed',
        failure: { state: 'no-relay', cause: 'the relay does not answer the request for the listeners' },
      }
    }
    if (opened.failure) return { kind: 'failed', failure: opened.failure }
    onState(true, 0)
    const failure = await proveUntil([over, changed])
    if (failure) return { kind: 'failed', failure }
  }

  /** Proves with a signal that any of these aborts, and that leaves nothing behind on them. */
  async function proveUntil(signals: readonly AbortSignal[]): Promise<Failure | undefined> {
    const either = controllerUnder(...signals)
    setMaxListeners(0, either.signal)
    try {
      return either.signal.aborted ? undefined : await prove(either.signal)
    } finally {
      either.release()
      either.abort(OVER)
    }
  }
}
