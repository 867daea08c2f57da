/** A tunnel that another one has replaced: it accepts no new sessions, and closes when the last one has ended. */
import { within } from '../../runtime/waiting.ts'
import { UNHURRIED_FAREWELL_MS } from '../tunnel/establish.ts'
import type { Orders } from '../tunnel/orders.ts'
import { CLOSES } from './hold-tunnel.ts'
import type { Context } from './ports.ts'
import type { Run } from './run-tunnel.ts'

/** Milliseconds after which one to another relay closes anyway; people are told before. */
export const DRAIN_MAX_MS = 24 * 3_600_000
/** Milliseconds between two checks whether a session is left. */
const LOOK_MS = 5_000

export interface DrainOptions {
  /** Of the tunnel that replaced it, where that leads to the same relay: who switches access off ends these sessions, too. */
  orders?: Orders | undefined
  /** Milliseconds; Infinity where only a better route is the reason. */
  longestMs: number
  /** Access is off. */
  farewell(signal: AbortSignal): Promise<unknown>
  /** It has lasted long enough. */
  tell(text: string, signal: AbortSignal): Promise<unknown>
}

/** Nobody new comes by it; true when the relay has freed its listeners, false when it does not say so. */
export async function closeDoor(run: Run, context: Context): Promise<boolean> {
  run.retire()
  return freeListeners(run, context)
}

async function freeListeners({ tunnel }: Run, { patience, signal }: Context): Promise<boolean> {
  const isFree = await patience.step([signal, tunnel.connection.closed], deadline => tunnel.freeListeners(deadline))
  return isFree === true
}

export async function drain(
  run: Run,
  context: Context,
  { orders, longestMs, farewell, tell }: DrainOptions,
): Promise<void> {
  const { clock, patience, signal } = context
  const { tunnel } = run
  const { connection, forwarding } = tunnel
  let isFree = await closeDoor(run, context)
  const untilMs = clock.nowMs() + longestMs
  const isEmpty = () => {
    const { shell, console } = forwarding.sessions()
    return shell + console === 0
  }
  const isOff = () => orders !== undefined && orders.offForMs() > 0
  for (;;) {
    const signals = [connection.closed, ...(orders ? [orders.changed] : [])]
    if (isEmpty() || isOff() || clock.nowMs() >= untilMs || connection.closed.aborted || signal.aborted) break
    await within(LOOK_MS, signals, () => new Promise(() => {}), { clock })
    // Until the relay has said so, the next tunnel to it can have its listeners only by an eviction.
    if (!isFree && !signals.some(({ aborted }) => aborted)) isFree = await freeListeners(run, context)
  }
  if (!isEmpty() && !signal.aborted) {
    const { host, port } = tunnel.relay
    const text = `the tunnel to ${host}:${port}, which this device left long ago, closes: ${CLOSES}`
    const leave = (until: AbortSignal) => (isOff() ? farewell(until) : tell(text, until))
    const graceMs = isOff() ? undefined : UNHURRIED_FAREWELL_MS
    await patience.step([signal, connection.closed], deadline => tunnel.closeListeners(deadline, leave, graceMs))
  }
  run.stop()
}
