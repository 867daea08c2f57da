/** To a better uplink at the same relay: a connection over it takes the listeners; who is in stays on the old one. */
import type { Way } from '../network/way.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { closeDoor } from './drain.ts'
import { goodbye, makeTunnel, type TunnelRequest } from './make-tunnel.ts'
import type { Context } from './ports.ts'
import { reachOver } from './reach-by-uplinks.ts'
import type { Run } from './run-tunnel.ts'

/** Milliseconds between two looks whether there is a better one. */
const LOOK_MS = 5_000
/** Milliseconds for a TCP connection: there is no hurry. */
const SYN_MS = 10_000
/** Milliseconds before the next try where the relay did not free the listeners. */
const AGAIN_MS = 5 * 60_000

export interface ChangeUplinkOptions {
  request(via: Way): TunnelRequest
  start(tunnel: Tunnel): Run
}

/** Resolves with the tunnel over the better uplink, which goes on; the old one has no listeners then. Undefined when aborted. */
export async function changeUplink(
  context: Context,
  present: Run,
  signal: AbortSignal,
  { request, start }: ChangeUplinkOptions,
): Promise<Run | undefined> {
  const { clock, uplinks, log } = context
  const { relay } = present.tunnel
  for (;;) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return undefined
    const way = present.facts.isOpen ? uplinks.better() : undefined
    if (way === undefined) continue
    const reached = await reachOver(context, way, { relay, synMs: SYN_MS }, signal)
    if (!reached.ok) {
      if (!signal.aborted) uplinks.failed(way.uplink, reached.failure.cause)
      continue
    }
    const made = await makeTunnel(context, reached.connection, request(reached.via), signal)
    if (made.ok && signal.aborted) made.tunnel.connection.destroy()
    if (!made.ok || signal.aborted) {
      if (!made.ok && !signal.aborted) uplinks.failed(way.uplink, made.failure.cause)
      continue
    }
    const fromMs = clock.nowMs()
    const isFree = await closeDoor(present, context)
    if (isFree || !isUsed(present, fromMs)) return start(made.tunnel)
    log.warn(
      { ...way },
      'the relay does not free the listeners: who is in would be cut, and the tunnel stays where it is',
    )
    present.resume()
    await goodbye(made.tunnel.connection, context)
    await clock.sleep(AGAIN_MS, signal)
  }
}

/** Whether people are in, and it has lived since: a new tunnel that takes listeners which are not free ends their sessions. */
function isUsed({ tunnel: { connection, forwarding } }: Run, fromMs: number): boolean {
  const { shell, console } = forwarding.sessions()
  return shell + console > 0 && !connection.closed.aborted && connection.activity().receivedAtMs > fromMs
}
