/** A login at the relay that answers first: for a new connection beside a silent tunnel, when seconds count. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import type { Way } from '../uplinks/uplinks.ts'
import type { Login } from './make-tunnel.ts'
import type { Context } from './ports.ts'
import { reach } from './reach.ts'
import { viaOf } from './reach-by-uplinks.ts'

/** Milliseconds after which the next relay is tried as well: a silent one must not delay the others. */
const STAGGER_MS = 3_000
/** The same for the same relay over another uplink. */
const UPLINK_STAGGER_MS = 500
/** Milliseconds to establish a TCP connection. */
const SYN_MS = 2_000

/** Repeats until one is logged in; undefined when aborted, and then no connection is left. */
export async function tryEach(
  context: Context,
  relays: readonly RelayConfig[],
  signal: AbortSignal,
): Promise<Login | undefined> {
  const { clock, uplinks } = context
  const busy = new Set<string>()
  const over = controllerUnder(signal)
  let found: Login | undefined
  const tryOne = async (relay: RelayConfig, way: Way, key: string) => {
    busy.add(key)
    const reached = await reach(context, { relay, ...viaOf(way), synMs: SYN_MS }, over.signal)
    busy.delete(key)
    if (!reached.ok) return
    if (over.signal.aborted) return reached.connection.destroy()
    found = { relay, via: reached.via, connection: reached.connection }
    over.abort(OVER)
  }
  while (relays.length > 0 && !over.signal.aborted) {
    for (const [at, relay] of relays.entries()) {
      const ways = uplinks.ways()
      for (const [turn, way] of ways.entries()) {
        if (over.signal.aborted) break
        const key = `${at} ${way.uplink}`
        if (!busy.has(key)) {
          void tryOne(relay, way, key).catch(err =>
            context.log.error({ err }, 'an attempt to connect failed by a defect'),
          )
        }
        await clock.sleep(turn < ways.length - 1 ? UPLINK_STAGGER_MS : STAGGER_MS, over.signal)
      }
    }
  }
  over.release()
  return found
}
