/** One tunnel while it is up: liveness and proof run side by side; the first to end the tunnel ends both. */
import { setMaxListeners } from 'node:events'
import { type Intervals, intervalsOf, type RelayConfig } from '../../formats/device-config.ts'
import { whenAborted, within } from '../../runtime/waiting.ts'
import type { Failure } from '../failure.ts'
import { selfTest } from '../proof/self-test.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import type { Orders } from '../tunnel/orders.ts'
import type { Way } from '../uplinks/uplinks.ts'
import { CLOSES, holdTunnel } from './hold-tunnel.ts'
import { watchLife } from './liveness.ts'
import { goodbye, type Login } from './make-tunnel.ts'
import type { Context } from './ports.ts'
import { loginOptionsOf, type Proof } from './prove-once.ts'
import { proveTunnel } from './prove-tunnel.ts'
import { reach } from './reach.ts'
import { NO_PROOF, type RunFacts } from './run-facts.ts'
import { tryEach } from './try-each.ts'

export type RunEnding =
  | { kind: 'lost'; failure: Failure }
  | { kind: 'failed'; failure: Failure }
  /** The old connection stayed silent, and this one is logged in. */
  | ({ kind: 'replaced' } & Login)
  | { kind: 'redirected'; relay: RelayConfig }
  | { kind: 'stopped' }

export interface Run {
  tunnel: Tunnel
  orders: Orders
  facts: RunFacts
  /** Settles when the tunnel has ended and its connection is closed. */
  ended: Promise<RunEnding>
  /** Milliseconds since its first proof; 0 before. */
  provedForMs(): number
  /** Ends it, with a goodbye. */
  stop(): void
  /** Stops proving it: another part decides when it ends. Its liveness is still watched. */
  retire(): void
  /** Takes that back: its listeners are asked for anew, and proved. */
  resume(): void
}

export interface RunOptions {
  context: Context
  orders: Orders
  hasOtherRelays: boolean
  /** Relays for a second connection beside a tunnel that is silent, in their order; none for a tunnel that is not to be replaced. */
  rescueBy: readonly RelayConfig[]
  farewell(signal: AbortSignal): Promise<unknown>
  tell(text: string, signal: AbortSignal): Promise<unknown>
  onChange(): void
}

/** Milliseconds between two pings where another uplink could take over within ten seconds; on a line that costs nothing. */
const QUICK_PING_MS = 4_000
/** Milliseconds of silence after which another uplink takes over: a line that loses packets is not left at the first late answer. */
const OTHER_UPLINK_MS = 7_000
/** Milliseconds in which people are told that this program ends the tunnel, and for that to reach them. */
const LEAVE_MS = { tell: 3_000, tellMax: 6_000, arrive: 500 }
/** Milliseconds for the TCP connection of a self-test. */
const SELFTEST_SYN_MS = 5_000

export function runTunnel(tunnel: Tunnel, options: RunOptions): Run {
  const { onChange } = options
  const { connection, relay, via } = tunnel
  const { clock, uplinks } = options.context
  const way = uplinks.wayOf(connection.localAddress, via.interface)
  const context = { ...options.context, intervals: intervalsOver(way, options.context) }
  const nowMs = clock.nowMs()
  const facts: RunFacts = {
    ...{
      relay,
      via,
      way,
      intervals: context.intervals,
      connectedMs: nowMs,
      aliveMs: nowMs,
      addressGone: false,
      offForMs: 0,
      isOpen: false,
    },
    ...{ proof: { state: 'none' }, details: NO_PROOF, othersSeenMs: undefined },
  }
  const change = (changes: Partial<RunFacts>) => {
    Object.assign(facts, changes)
    onChange()
  }
  let firstProofMs: number | undefined
  const over = new AbortController()
  const stopped = new AbortController()
  let proofOver = new AbortController()
  let resumed = new AbortController()
  let isRetired = false
  setMaxListeners(0, over.signal, proofOver.signal)

  const takeProof = (proof: Proof) => {
    const at = clock.nowMs()
    const attempt = { at, ok: proof.ok, tookMs: Math.round(proof.tookMs), steps: proof.steps }
    if (!proof.ok) {
      return change({ proof: { state: 'failed', cause: proof.cause }, details: { ...facts.details, attempt } })
    }
    if (firstProofMs === undefined) context.ways.proved(relay, via)
    firstProofMs ??= at
    uplinks.proved(way.uplink, at)
    const details = { ...facts.details, attempt, provedAt: at, by: proof.by, tookMs: Math.round(proof.tookMs) }
    change({ proof: { state: 'proved', atMs: at, note: proof.note }, details })
  }

  const goesBy = (other: Login) => uplinks.wayOf(other.connection.localAddress, other.via.interface).uplink

  const rescue = async (signal: AbortSignal) => {
    if (isRetired) return undefined
    const found = await tryEach(context, options.rescueBy, signal)
    if (found && goesBy(found) !== way.uplink) {
      await clock.sleep(facts.aliveMs + OTHER_UPLINK_MS - clock.nowMs(), signal)
    }
    return found
  }

  const pingMs = () => {
    const { keepaliveS } = context.intervals
    const isQuick = !way.isMetered && context.config.intervals.keepaliveS === undefined && uplinks.hasOther(way.uplink)
    return isQuick ? Math.min(QUICK_PING_MS, keepaliveS * 1000) : keepaliveS * 1000
  }

  const life = async (): Promise<RunEnding | undefined> => {
    const ending = await watchLife(connection, {
      ...context,
      pingMs,
      over: over.signal,
      progress: context.progress.track(`life of ${relay.host}`),
      onAlive: atMs => {
        if (atMs > facts.aliveMs) change({ aliveMs: atMs })
      },
      onAddress: addressGone => change({ addressGone }),
      rescue,
      discard: late => late?.connection.destroy(),
    })
    if (ending.kind === 'over') return undefined
    if (ending.kind === 'lost') return { kind: 'lost', failure: lost(ending.cause) }
    const by = goesBy(ending.by)
    if (by !== way.uplink) uplinks.failed(way.uplink, `${relay.host}:${relay.port} stopped answering over it`)
    return { kind: 'replaced', ...ending.by }
  }

  const proof = async (): Promise<RunEnding | undefined> => {
    while (!over.signal.aborted) {
      const ending = await hold()
      if (ending.kind !== 'over') return ending
      await whenAborted(resumed.signal, over.signal)
    }
    return undefined
  }

  const hold = () =>
    holdTunnel(tunnel, {
      ...options,
      context,
      over: proofOver.signal,
      onState: (isOpen, offForMs) => change({ isOpen, offForMs, proof: { state: 'none' } }),
      prove: until =>
        proveTunnel(tunnel, {
          ...options,
          context,
          over: until,
          selfTest: signal =>
            selfTest({
              ...loginOptionsOf(context, relay, signal),
              where: `${relay.host}:${relay.port}`,
              reach: () => reach(context, { relay, via, synMs: SELFTEST_SYN_MS, ident: 'oobm_selftest' }, signal),
            }),
          report: {
            proof: takeProof,
            probeTook: ms => change({ details: { ...facts.details, probeMs: Math.round(ms) } }),
            probeFailed: cause => change({ proof: { state: 'failed', cause } }),
            others: seconds => change({ othersSeenMs: clock.nowMs() - seconds * 1000 }),
          },
        }),
    })

  const lost = (cause: string): Failure => {
    return { state: 'no-relay', cause: `the tunnel to ${relay.host}:${relay.port} was lost: ${cause}` }
  }

  /** Who is left in a tunnel that was replaced has been told, unless the whole program ends. */
  const takeLeave = async () => {
    if ((isRetired && !context.signal.aborted) || tunnel.forwarding.sessions().console === 0) return
    const text = `the tunnel to ${relay.host}:${relay.port} closes: ${CLOSES}`
    const over = [connection.closed]
    const tellMs = Math.min(LEAVE_MS.tellMax, context.patience.stretch(LEAVE_MS.tell))
    await within(tellMs, over, until => options.tell(text, until), { clock })
    await within(LEAVE_MS.arrive, over, until => tunnel.forwarding.consolesLeft(until), { clock })
  }

  const run = async (): Promise<RunEnding> => {
    const parts = [life(), proof()]
    const closed = whenAborted(connection.closed, over.signal).then((): RunEnding => {
      return { kind: 'lost', failure: lost(connection.closeCause()) }
    })
    const told = Promise.race([
      whenAborted(context.signal, over.signal),
      whenAborted(stopped.signal, over.signal),
    ]).then((): RunEnding => ({ kind: 'stopped' }))
    // A part that ends without its own reason was ended by one of the others.
    const reasons = parts.map(async part => (await part) ?? new Promise<never>(() => {}))
    let ending: RunEnding | undefined
    try {
      ending = await Promise.race([closed, told, ...reasons])
      return ending
    } finally {
      over.abort()
      proofOver.abort()
      if (ending?.kind === 'stopped') await takeLeave()
      // A silent relay gets no goodbye: the new connection waits for the place.
      if (ending?.kind === 'lost' || ending?.kind === 'replaced') connection.destroy()
      await goodbye(connection, context)
      for (const part of await Promise.allSettled(parts)) {
        // Another ending came first: the connection that was to replace this one is not used.
        const late = part.status === 'fulfilled' ? part.value : undefined
        if (late?.kind === 'replaced' && late !== ending) late.connection.destroy()
      }
    }
  }

  return {
    tunnel,
    orders: options.orders,
    facts,
    ended: run(),
    provedForMs: () => (firstProofMs === undefined ? 0 : clock.nowMs() - firstProofMs),
    stop: () => stopped.abort(),
    retire: () => {
      if (isRetired) return
      isRetired = true
      resumed = new AbortController()
      proofOver.abort()
    },
    resume: () => {
      isRetired = false
      proofOver = new AbortController()
      setMaxListeners(0, proofOver.signal)
      resumed.abort()
    },
  }
}

/** A line that is paid by the byte has the cellular profile, whatever the device's is; what is configured one by one stays. */
function intervalsOver({ isMetered }: Way, { config, intervals }: Context): Intervals {
  return isMetered ? intervalsOf({ profile: 'cellular', intervals: config.intervals }) : intervals
}
