/** A new board asks until the operator accepts it, and then gets its settings: oobm-apply installs them, and starts all this anew. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { type EnrolmentRequest, enrolmentFingerprint, formatRequest } from '../../formats/enrolment.ts'
import { within } from '../../runtime/waiting.ts'
import type { Failure } from '../failure.ts'
import type { Context } from '../loop/ports.ts'
import { reachByUplinks } from '../loop/reach-by-uplinks.ts'
import { Wake } from '../loop/wake.ts'
import type { SettingsDelivery } from '../settings/settings-delivery.ts'
import type { Answer, Connection, Credentials } from '../ssh/connection.ts'
import { claim } from '../tunnel/device-commands.ts'
import { askRelay } from './ask-relay.ts'

export interface Enrolling {
  /** Of the site. */
  key: Credentials
  siteSecret: string
  ownRequest(): Promise<Answer<EnrolmentRequest>>
  settings: Pick<SettingsDelivery, 'offered' | 'serve'>
  /** Shows why this board has no tunnel; undefined while that is not known. */
  publish(failure: Failure | undefined, retryInMs: number): void
}

/** Milliseconds between two questions: somebody at the seat waits for this board. */
const ASK_MS = 30_000
/** The same where the answer changes only when the operator does something about it. */
const SLOW_MS = 300_000
/** Milliseconds after which a board that waits asks at the slower pace: a login every half minute is 20 MB a day. */
const LONG_MS = 60 * 60_000
/** Milliseconds to establish a TCP connection. */
const SYN_MS = 15_000
/** Milliseconds for which a connection stays open for the settings: then it is made anew, as nothing proves that it lives. */
const HOLD_MS = 300_000

/** What one turn came to, and how long until the next. */
interface Turn {
  failure: Failure
  waitMs: number
  /** The relay that took the request, and knows nothing of this board's own key yet: another one may. */
  waitsAt?: RelayConfig
}

export async function waitForAcceptance(context: Context, enrolling: Enrolling): Promise<void> {
  const { clock, random, network, events, signal, log } = context
  const wake = new Wake(clock)
  const unsubscribe = events.subscribe(reason => wake.notify(reason))
  const startedMs = clock.nowMs()
  let told = ''
  let relays = context.config.relays
  while (!signal.aborted) {
    if (network.linkUp()) {
      const { failure, waitMs, waitsAt } = await oneTurn(context, enrolling, relays)
      if (signal.aborted) break
      const isSlow = waitsAt !== undefined && clock.nowMs() - startedMs > LONG_MS
      const paceMs = isSlow ? SLOW_MS : waitMs
      const retryInMs = paceMs * (0.8 + random() * 0.4)
      if (failure.cause !== told) log.info(failure, 'asked to be accepted')
      told = failure.cause
      enrolling.publish(failure, retryInMs)
      // The operator may accept it for some relays only, and one that was broken into may hide its request.
      if (waitsAt !== undefined) relays = [...relays.filter(one => one !== waitsAt), waitsAt]
      await wake.wait(retryInMs, signal)
    } else {
      enrolling.publish(undefined, ASK_MS)
      await wake.wait(ASK_MS, signal)
    }
  }
  unsubscribe()
}

/** Asks the relays in their order, until one takes the request. */
async function oneTurn(context: Context, enrolling: Enrolling, relays: readonly RelayConfig[]): Promise<Turn> {
  const made = await enrolling.ownRequest()
  if (!made.ok) return { failure: { state: 'refused', cause: made.cause }, waitMs: SLOW_MS }
  const request = made.value
  const who = `serial number ${request.board}, fingerprint ${enrolmentFingerprint(request)}`
  const failed: Failure[] = []
  let full: Turn | undefined
  for (const relay of relays) {
    const where = `${relay.host}:${relay.port}`
    const reached = await reachByUplinks(
      { ...context, credentials: enrolling.key },
      { relay, synMs: SYN_MS },
      context.signal,
    )
    if (!reached.ok) {
      const { failure } = reached
      const isRefused = failure.state === 'refused'
      failed.push(isRefused ? { ...failure, cause: `${failure.cause}; ${REFUSED}` } : failure)
      // Accepted before the key expired, it still gets in with its own.
      if (isRefused && (await collect(context, enrolling, relay)) === undefined) return HELD
      continue
    }
    const { connection } = reached
    const text = formatRequest(request, enrolling.siteSecret)
    const answer = await askRelay(connection, text, context.signal)
    connection.destroy()
    switch (answer) {
      case 'waiting':
        return { failure: enrollingFor(`waits until the operator accepts it: ${who}`), waitMs: ASK_MS, waitsAt: relay }
      case 'rejected':
        return { failure: enrollingFor(`the operator has rejected this board: ${who}`), waitMs: SLOW_MS }
      case 'full': {
        const cause = `${where} takes no more boards with this card file: tell the operator; ${who}`
        full ??= { failure: enrollingFor(cause), waitMs: SLOW_MS }
        break
      }
      case 'busy':
        failed.push(enrollingFor(`${where} is busy with other boards: this one asks again; ${who}`))
        break
      case 'accepted': {
        const cause = await collect(context, enrolling, relay)
        if (cause === undefined) return HELD
        return { failure: enrollingFor(`accepted by the operator, but ${cause}`), waitMs: ASK_MS }
      }
      case undefined:
        failed.push({
          state: 'refused',
          cause: `${where} takes the enrolment key, and not the request: tell the operator`,
        })
        break
      default:
        answer satisfies never
    }
  }
  const busy = failed.find(({ state }) => state === 'enrolling')
  if (busy !== undefined) return { failure: busy, waitMs: ASK_MS }
  if (full !== undefined) return full
  const refusal = failed.find(({ state }) => state === 'refused')
  if (refusal !== undefined) return { failure: refusal, waitMs: SLOW_MS }
  return { failure: failed[0] ?? { state: 'no-relay', cause: 'there is no relay to ask' }, waitMs: ASK_MS }
}

const REFUSED = 'the card file has expired, or the relay does not know it yet: tell the operator'

/** After a connection that was held. */
const HELD: Turn = { failure: enrollingFor('accepted by the operator; its settings are on the way'), waitMs: 5_000 }

function enrollingFor(cause: string): Failure {
  return { state: 'enrolling', cause }
}

/**
 * Logs in with this board's own key, and hands the settings that the relay has for it to oobm-apply.
 * @returns why that is not possible yet; undefined after the connection was held for them
 */
async function collect(context: Context, enrolling: Enrolling, relay: RelayConfig): Promise<string | undefined> {
  const { signal } = context
  const reached = await reachByUplinks(context, { relay, synMs: SYN_MS }, signal)
  if (!reached.ok) return reached.failure.cause
  const { connection } = reached
  try {
    return await serve(connection, context, enrolling, relay)
  } finally {
    connection.destroy()
  }
}

async function serve(
  connection: Connection,
  { token, patience, signal }: Context,
  { settings, publish }: Enrolling,
  relay: RelayConfig,
): Promise<string | undefined> {
  const claimed = await within(patience.stepMs, [signal, connection.closed], deadline =>
    claim(connection, token, deadline),
  )
  if (claimed.kind !== 'done' || claimed.value.kind !== 'claimed')
    return `${relay.host}:${relay.port} does not answer its claim`
  const { control } = claimed.value
  control.listen(order => order.type === 'settings' && settings.offered(order, relay))
  publish(
    enrollingFor('accepted by the operator; waits for its settings: "oobm-relay settings push" sends them'),
    HOLD_MS,
  )
  await within(HOLD_MS, [signal, connection.closed], () => settings.serve(relay, control, connection))
  return undefined
}
