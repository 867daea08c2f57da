/** A connection that the relay has claimed: its listeners open and proved, or closed while maintenance is off. */
import { withDeadline } from '../../runtime/with-deadline.ts'
import type { Ending, Tunnel } from './connect-once.ts'
import type { Orders } from './orders.ts'
import type { Wake } from './wake.ts'

export interface HoldOptions {
  orders: Orders
  wake: Wake
  signal: AbortSignal
  /** Milliseconds for the relay to open or close the listeners. */
  timeoutMs: number
  /** The listeners are open, or (`off`) closed by order. */
  onState(state: 'open' | 'off'): void
  /** Takes leave of people on consoles, when maintenance was switched off. */
  farewell(signal: AbortSignal): Promise<unknown>
  /** Proves the open tunnel until it ends, or until `closing` is aborted. */
  prove(closing: AbortSignal): Promise<Ending | { kind: 'closed' }>
}

/** Setting a timer for longer is of no use: something asks before that. */
const LONGEST_WAIT_MS = 3_600_000

/** Returns when the connection ended, or is to end. */
export async function holdTunnel(tunnel: Tunnel, options: HoldOptions): Promise<Ending> {
  const { orders, signal, timeoutMs, onState, farewell, prove } = options
  for (;;) {
    if (signal.aborted) return { kind: 'stopped' }
    if (tunnel.ended.aborted) return { kind: 'lost', cause: tunnel.endCause() }
    // Taken before the orders are looked at: one that comes after this line is in it.
    const { changed } = orders
    const redirect = orders.takeRedirect()
    if (redirect && redirect !== tunnel.relay) return { kind: 'redirected', relay: redirect }
    if (orders.offForMs() > 0) {
      const closed = await withDeadline(timeoutMs, [signal, tunnel.ended], deadline =>
        tunnel.closeListeners(deadline, farewell),
      )
      if (!closed)
        return { kind: 'lost', cause: 'the relay did not close the listeners when maintenance was switched off' }
      onState('off')
      await options.wake.wait(Math.min(orders.offForMs(), LONGEST_WAIT_MS), [signal, tunnel.ended, changed])
      continue
    }
    const failure = await withDeadline(timeoutMs, [signal, tunnel.ended], tunnel.openListeners)
    if (signal.aborted) continue
    if (tunnel.ended.aborted) return { kind: 'failed', failure: { word: 'no-relay', cause: tunnel.endCause() } }
    if (failure) return { kind: 'failed', failure }
    onState('open')
    const ending = await prove(changed)
    if (ending.kind !== 'closed') return ending
  }
}
