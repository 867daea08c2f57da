/** A login at a relay over whichever uplink leads there: the best one first, the others beside it when that takes long. */
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import type { Failure } from '../failure.ts'
import type { Reached } from '../tunnel/reach-relay.ts'
import type { Way } from '../uplinks/uplinks.ts'
import type { Context } from './ports.ts'
import { type ReachRequest, reach } from './reach.ts'

/** Milliseconds after which the next uplink is tried as well; a failure starts it at once. */
const STAGGER_MS = 3_000

/** With one uplink, this is `reach`. What failed where another one did not is noted; no connection but the first is left. */
export async function reachByUplinks(
  context: Context,
  request: Omit<ReachRequest, 'via'>,
  signal: AbortSignal,
): Promise<Reached> {
  const { clock, uplinks } = context
  const ways = uplinks.ways()
  const [only] = ways as [Way]
  if (ways.length === 1) return reach(context, { ...request, ...viaOf(only) }, signal)
  const over = controllerUnder(signal)
  const failed: { way: Way; failure: Failure }[] = []
  let first: (Reached & { ok: true }) | undefined
  const tryOne = async (way: Way) => {
    const reached = await reach(context, { ...request, ...viaOf(way) }, over.signal)
    if (!reached.ok) {
      if (!over.signal.aborted) failed.push({ way, failure: reached.failure })
    } else if (over.signal.aborted) reached.connection.destroy()
    else {
      first = reached
      over.abort(OVER)
    }
  }
  const attempts: Promise<void>[] = []
  for (const way of ways) {
    if (over.signal.aborted) break
    const attempt = tryOne(way)
    attempts.push(attempt)
    const waiting = controllerUnder(over.signal)
    void attempt.then(() => waiting.abort(OVER))
    await clock.sleep(STAGGER_MS, waiting.signal)
    waiting.release()
  }
  await Promise.all(attempts)
  over.release()
  if (first === undefined) return { ok: false, failure: together(failed, signal), blame: 'way' }
  for (const { way, failure } of failed) uplinks.failed(way.uplink, failure.cause)
  return first
}

/** Over this one and no other: what is bound to none goes where the kernel routes it, which the default route does not decide alone. */
export async function reachOver(
  context: Context,
  way: Way,
  request: Omit<ReachRequest, 'via'>,
  signal: AbortSignal,
): Promise<Reached> {
  const reached = await reach(context, { ...request, ...viaOf(way) }, signal)
  if (!reached.ok) return reached
  const { connection, via } = reached
  if (context.uplinks.wayOf(connection.localAddress, via.interface).uplink === way.uplink) return reached
  connection.destroy()
  const { host, port } = request.relay
  const cause = `this system routes connections to ${host}:${port} over another interface`
  return { ok: false, failure: { state: 'no-relay', cause }, blame: 'network' }
}

/** What a connection over it asks for: each way out of its network. */
export function viaOf({ interface: name }: Way): Pick<ReachRequest, 'via'> {
  return name === undefined ? {} : { via: { interface: name } }
}

/** Only a relay that refuses over each uplink refuses: another network may show another host. */
function together(failed: readonly { way: Way; failure: Failure }[], { aborted }: AbortSignal): Failure {
  const [main] = failed.toSorted(
    (a, b) => Number(a.failure.state === 'refused') - Number(b.failure.state === 'refused'),
  )
  if (aborted || main === undefined) return { state: 'no-relay', cause: 'it was stopped' }
  const causes = failed.map(({ way, failure }) => `over ${way.uplink}, ${failure.cause}`)
  const turnedAway = failed.some(({ failure }) => failure.turnedAway)
  return { state: main.failure.state, cause: causes.join('; '), ...(turnedAway && { turnedAway: true }) }
}
