/** Back to the preferred relay after a failure of it: a second tunnel beside the present one, which has to prove itself first. */
import type { RelayConfig } from '../../formats/device-config.ts'
import type { Way } from '../../transport/way.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { Orders } from '../tunnel/orders.ts'
import { makeTunnel, type TunnelRequest } from './make-tunnel.ts'
import type { Context } from './ports.ts'
import { reachByUplinks } from './reach-by-uplinks.ts'
import type { Run } from './run-tunnel.ts'

/** Minutes before each try; the last one again and again. */
const TRY_AFTER_MIN = [1, 2, 5, 10, 30]
const MINUTE_MS = 60_000
/** Milliseconds for which the second tunnel must be proved before people are led there. */
export const PROVED_MS = 5 * MINUTE_MS
/** Milliseconds for a TCP connection: there is no hurry. */
const SYN_MS = 10_000
/** Milliseconds between two looks at a second tunnel that has to prove itself. */
const LOOK_MS = 5_000

export interface ComeBackOptions {
  request(relay: RelayConfig, via: Way, into: Orders): TunnelRequest
  start(tunnel: Tunnel, by: Orders): Run
}

/**
 * Resolves with the tunnel to the preferred relay, which goes on. An abort ends the search: with a second tunnel if that is
 * proved by then, else with none, and none is left behind.
 */
export async function comeBack(
  context: Context,
  preferred: RelayConfig,
  signal: AbortSignal,
  options: ComeBackOptions,
): Promise<Run | undefined> {
  const { clock } = context
  for (let tries = 0; ; tries++) {
    const afterMin = TRY_AFTER_MIN[Math.min(tries, TRY_AFTER_MIN.length - 1)] as number
    await clock.sleep(afterMin * MINUTE_MS, signal)
    if (signal.aborted) return undefined
    const run = await tryOnce(context, preferred, signal, options)
    if (run) return run
    if (signal.aborted) return undefined
  }
}

async function tryOnce(
  context: Context,
  preferred: RelayConfig,
  signal: AbortSignal,
  { request, start }: ComeBackOptions,
): Promise<Run | undefined> {
  const { clock, config, log } = context
  const reached = await reachByUplinks(context, { relay: preferred, synMs: SYN_MS }, signal)
  if (!reached.ok) {
    log.info({ relay: preferred.host, cause: reached.failure.cause }, 'the preferred relay is not back yet')
    return undefined
  }
  // Its orders are its own until people are led there: another relay's maintenance is not this tunnel's.
  const orders = new Orders(config.relays, clock)
  const made = await makeTunnel(context, reached.connection, request(preferred, reached.via, orders), signal)
  if (!made.ok) return undefined
  if (signal.aborted) {
    made.tunnel.connection.destroy()
    return undefined
  }
  const run = start(made.tunnel, orders)
  let isOver = false
  void run.ended.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  while (!isOver) {
    await clock.sleep(LOOK_MS, signal)
    const isProved = !isOver && run.facts.proof.state === 'proved'
    if (isProved && (signal.aborted || run.provedForMs() >= PROVED_MS)) return run
    if (signal.aborted) break
  }
  run.stop()
  await run.ended.catch(() => {})
  return undefined
}
