/** A login at the relay that answers first: for a new connection beside a silent tunnel, when seconds count. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import { type Login, reach } from './make-tunnel.ts'
import type { Context } from './ports.ts'

/** Milliseconds after which the next relay is tried as well: a silent one must not delay the others. */
const STAGGER_MS = 3_000
/** Milliseconds to establish a TCP connection. */
const SYN_MS = 2_000

/** Repeats until one is logged in; undefined when aborted, and then no connection is left. */
export async function tryEach(
  context: Context,
  relays: readonly RelayConfig[],
  signal: AbortSignal,
): Promise<Login | undefined> {
  const { clock } = context
  const busy = new Set<RelayConfig>()
  const over = controllerUnder(signal)
  let found: Login | undefined
  const tryOne = async (relay: RelayConfig) => {
    busy.add(relay)
    const reached = await reach(context, { relay, synMs: SYN_MS }, over.signal)
    busy.delete(relay)
    if (!reached.ok) return
    if (over.signal.aborted) return reached.connection.destroy()
    found = { relay, via: reached.via, connection: reached.connection }
    over.abort(OVER)
  }
  for (let turn = 0; relays.length > 0 && !over.signal.aborted; turn++) {
    const relay = relays[turn % relays.length] as RelayConfig
    if (!busy.has(relay))
      void tryOne(relay).catch(err => context.log.error({ err }, 'an attempt to connect failed by a defect'))
    await clock.sleep(STAGGER_MS, over.signal)
  }
  over.release()
  return found
}
