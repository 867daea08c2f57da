/** Whether plain SSH leads to the relay again, while the tunnel goes within TLS or through a proxy: a second connection that has to last. */
import type { Way } from '../../transport/way.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { goodbye, makeTunnel, type TunnelRequest } from './make-tunnel.ts'
import type { Context } from './ports.ts'
import { reach } from './reach.ts'
import type { Run } from './run-tunnel.ts'

/** Milliseconds for a TCP connection: there is no hurry. */
const SYN_MS = 10_000
/** Milliseconds for which it must last: some firewalls let SSH through, and cut it when they know it. */
const LASTS_MS = 5 * 60_000
/** Milliseconds between two questions on it. */
const ASK_MS = 30_000

/** @returns a tunnel without listeners, when it was due and has lasted; else undefined, and no connection is left */
export async function directAgain(
  context: Context,
  { tunnel: { relay, via } }: Run,
  request: (via: Way) => TunnelRequest,
  signal: AbortSignal,
): Promise<Tunnel | undefined> {
  const { ways } = context
  const name = via.interface
  if (via.rung === 'direct' || !ways.isDirectDue(relay, name)) return undefined
  const direct = { rung: 'direct' as const, ...(name !== undefined && { interface: name }) }
  const reached = await reach(context, { relay, via: direct, synMs: SYN_MS }, signal)
  if (signal.aborted) {
    if (reached.ok) reached.connection.destroy()
    return undefined
  }
  ways.tried(relay, name, 'direct', reached.ok ? undefined : reached.failure.cause)
  if (!reached.ok) return undefined
  const made = await makeTunnel(context, reached.connection, request(reached.via), signal)
  if (!made.ok) return undefined
  const fault = await lasts(context, made.tunnel, signal)
  // The next try waits for this.
  if (signal.aborted) made.tunnel.connection.destroy()
  if (signal.aborted) return undefined
  if (fault === undefined) return made.tunnel
  ways.tried(relay, name, 'direct', fault)
  await goodbye(made.tunnel.connection, context)
  return undefined
}

/** @returns why it cannot be used; undefined also when aborted */
async function lasts(
  { clock, patience }: Context,
  { connection, relay: { host, port } }: Tunnel,
  signal: AbortSignal,
): Promise<string | undefined> {
  const untilMs = clock.nowMs() + LASTS_MS
  while (clock.nowMs() < untilMs && !signal.aborted) {
    await clock.sleep(ASK_MS, signal)
    const tookMs = await patience.step([signal, connection.closed], deadline => connection.ping(deadline))
    if (tookMs !== undefined || signal.aborted) continue
    return `${host}:${port} stopped answering on a connection that had come about`
  }
  return undefined
}
