/** To a better way to the same relay: a connection by it takes the listeners; who is in stays on the old one. */
import type { Way } from '../../transport/way.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { directAgain } from './direct-again.ts'
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

export interface ChangeWayOptions {
  request(via: Way): TunnelRequest
  start(tunnel: Tunnel): Run
}

/** Resolves with the tunnel by the better way, which goes on; the old one has no listeners then. Undefined when aborted. */
export async function changeWay(
  context: Context,
  present: Run,
  signal: AbortSignal,
  { request, start }: ChangeWayOptions,
): Promise<Run | undefined> {
  const { clock, log } = context
  for (;;) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return undefined
    if (!present.facts.isOpen) continue
    const tunnel =
      (await overBetterUplink(context, present, request, signal)) ??
      (await directAgain(context, present, request, signal))
    if (tunnel === undefined) continue
    const fromMs = clock.nowMs()
    const isFree = await closeDoor(present, context)
    if (isFree || !isUsed(present, fromMs)) return start(tunnel)
    log.warn(
      { ...tunnel.via },
      'the relay does not free the listeners: the tunnel stays where it is, for those who are in',
    )
    present.resume()
    await goodbye(tunnel.connection, context)
    await clock.sleep(AGAIN_MS, signal)
  }
}

async function overBetterUplink(
  context: Context,
  { tunnel: { relay } }: Run,
  request: ChangeWayOptions['request'],
  signal: AbortSignal,
): Promise<Tunnel | undefined> {
  const { uplinks } = context
  const way = uplinks.better()
  if (way === undefined) return undefined
  const reached = await reachOver(context, way, { relay, synMs: SYN_MS }, signal)
  if (!reached.ok) {
    if (!signal.aborted) uplinks.failed(way.uplink, reached.failure.cause)
    return undefined
  }
  const made = await makeTunnel(context, reached.connection, request(reached.via), signal)
  if (made.ok && !signal.aborted) return made.tunnel
  if (made.ok) made.tunnel.connection.destroy()
  else if (!signal.aborted) uplinks.failed(way.uplink, made.failure.cause)
  return undefined
}

/** Whether people are in, and it has lived since: a new tunnel that takes listeners which are not free ends their sessions. */
function isUsed({ tunnel: { connection, forwarding } }: Run, fromMs: number): boolean {
  const { shell, console } = forwarding.sessions()
  return shell + console > 0 && !connection.closed.aborted && connection.activity().receivedAtMs > fromMs
}
