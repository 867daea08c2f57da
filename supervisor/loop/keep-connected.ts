/** The loop around tunnels: which relay is next, and when. It only reports facts; the status is derived from them elsewhere. */

import type { RelayOrder } from '../../formats/control-protocol.ts'
import type { Intervals, RelayConfig } from '../../formats/device-config.ts'
import type { SettingsOffer } from '../../formats/settings-delivery.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Way } from '../../transport/way.ts'
import type { Failure } from '../failure.ts'
import type { Move } from '../status/move.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { Orders } from '../tunnel/orders.ts'
import { changeWay } from './change-way.ts'
import { comeBack } from './come-back.ts'
import { DRAIN_MAX_MS, drain } from './drain.ts'
import { type Login, makeTunnel } from './make-tunnel.ts'
import { Moves } from './moves.ts'
import type { Context } from './ports.ts'
import { proveStandbys } from './prove-standbys.ts'
import { reachMaxMs } from './reach.ts'
import { reachByUplinks } from './reach-by-uplinks.ts'
import { RelayChoice } from './relay-choice.ts'
import { retryWaitMs, synMs } from './retry-plan.ts'
import type { RunFacts } from './run-facts.ts'
import { type Run, type RunEnding, runTunnel } from './run-tunnel.ts'
import { Wake } from './wake.ts'

/** What the loop reports, at every change. */
export type LoopState =
  | { state: 'up'; run: RunFacts }
  /**
   * `retryMs` is the monotonic time of the next try; null while one is made, and while it waits for a link. `failed`: the relay of the
   * failure, when that has just come.
   */
  | { state: 'down'; failure: Failure | undefined; retryMs: number | null; failed?: RelayConfig }

export interface LoopHooks {
  publish(state: LoopState, sessions: { shell: number; console: number }): void
  /** A tunnel is up: reports to the relay use it until its connection ends. */
  onTunnel(tunnel: Tunnel, intervals: Intervals): void
  /** The relay asks to show this board on its LED. */
  onBlink(seconds: number): void
  /** That relay has a settings document for this device. */
  onSettings(offer: SettingsOffer, relay: RelayConfig): void
  /** The tunnel was lost and is back, or has moved. */
  onMove(move: Move): void
  /** Access is off: ends the sessions of people on consoles, who are told before. */
  farewell(by: string | undefined, signal: AbortSignal): Promise<unknown>
  /** Tells people on consoles, by whichever tunnel they came. */
  tell(text: string, signal: AbortSignal): Promise<unknown>
}

/** Milliseconds between two looks at the link, beside the network's own events. */
const LINK_LOOK_MS = 30_000

/** Keeps a tunnel up until the signal is aborted. */
export async function keepConnected(context: Context, hooks: LoopHooks): Promise<void> {
  const { config, intervals, clock, random, network, events, uplinks, progress, signal, log } = context
  const { relays } = config
  const choice = new RelayChoice(relays)
  const orders = new Orders(relays, clock)
  const track = progress.track('connecting')
  const wake = new Wake(clock)
  const unsubscribe = events.subscribe(reason => {
    if (reason !== 'local') wake.notify(reason)
  })
  const runs = new Set<Run>()
  const moves = new Moves(() => clock.nowMs(), hooks.onMove)
  let carrying: Run | undefined
  let state: LoopState = { state: 'down', failure: undefined, retryMs: null }
  const publish = (next: LoopState = state) => {
    state = next
    const sessions = { shell: 0, console: 0 }
    for (const { tunnel } of runs) {
      const { shell, console } = tunnel.forwarding.sessions()
      sessions.shell += shell
      sessions.console += console
    }
    hooks.publish(state, sessions)
    if (state.state === 'up' && state.run.isOpen) moves.carries(state.run)
  }
  const down = (failure: Failure | undefined, retryMs: number | null, failed?: RelayConfig) => {
    carrying = undefined
    uplinks.carries(undefined)
    publish({ state: 'down', failure, retryMs, ...(failed && { failed }) })
  }

  let downSinceMs = clock.nowMs()
  let wasStable = false
  let failure: Failure | undefined
  let adopted: Login | undefined
  const proving = proveStandbys(
    context,
    () => carrying,
    () => publish(),
  )
  try {
    while (!signal.aborted) {
      const ending = await oneTunnel()
      adopted = undefined
      if (ending.kind === 'stopped') return
      if (ending.kind === 'replaced') {
        const { host, port } = choice.present
        failure = { state: 'no-relay', cause: `${host}:${port} stayed silent; a new connection takes over` }
        choice.movedTo(ending.relay)
        adopted = ending
        continue
      }
      if (wasStable) {
        downSinceMs = clock.nowMs()
        choice.lostProved()
      }
      const { present } = choice
      failure = judge(ending)
      const { lastFailures } = choice
      const situation = { isFirst: wasStable, downMs: clock.nowMs() - downSinceMs, lastFailures }
      const waitMs = retryWaitMs(situation, intervals, random)
      wasStable = false
      down(failure, clock.nowMs() + waitMs, present)
      track.beat(waitMs)
      await wake.wait(waitMs, signal)
    }
  } finally {
    unsubscribe()
    track.end()
    for (const run of runs) run.stop()
    await Promise.allSettled([proving, ...[...runs].map(({ ended }) => ended)])
  }

  /** One attempt to connect, and the tunnel that results. A defect of this program is logged, and counts as a failure. */
  async function oneTunnel(): Promise<RunEnding> {
    try {
      if (adopted === undefined) await linkUp()
      const relay = adopted?.relay ?? choice.present
      if (signal.aborted) {
        adopted?.connection.destroy()
        return { kind: 'stopped' }
      }
      down(failure, null)
      const downMs = clock.nowMs() - downSinceMs
      track.beat(reachMaxMs(context, synMs(downMs)) + context.patience.stepMs)
      const reached = adopted
        ? { ok: true as const, ...adopted }
        : await reachByUplinks(context, { relay, synMs: synMs(downMs) }, signal)
      if (signal.aborted && reached.ok) reached.connection.destroy()
      if (signal.aborted) return { kind: 'stopped' }
      if (!reached.ok) return { kind: 'failed', failure: reached.failure }
      const made = await makeTunnel(context, reached.connection, requestTo(relay, reached.via, orders), signal)
      if (signal.aborted && made.ok) made.tunnel.connection.destroy()
      if (signal.aborted) return { kind: 'stopped' }
      if (!made.ok) return { kind: 'failed', failure: made.failure }
      log.info({ relay: relay.host, port: relay.port }, 'connected, and claimed')
      return await use(start(made.tunnel, orders))
    } catch (err) {
      log.error({ err }, 'the tunnel ended by a defect')
      carrying?.stop()
      return { kind: 'failed', failure: { state: 'no-relay', cause: `a defect of this program: ${errorMessage(err)}` } }
    }
  }

  async function linkUp(): Promise<void> {
    while (!network.linkUp() && !signal.aborted) {
      down(failure, null)
      track.beat(LINK_LOOK_MS)
      await wake.wait(LINK_LOOK_MS, signal)
    }
  }

  function requestTo(relay: RelayConfig, via: Way, into: Orders, mayEvict = true) {
    return {
      relay,
      via,
      mayEvict,
      onSessions: () => publish(),
      onOrder: (order: RelayOrder) => obey(order, relay, into),
    }
  }

  function start(tunnel: Tunnel, by: Orders, rescueBy: readonly RelayConfig[] = choice.fromPresent): Run {
    let started: Run | undefined
    const run = runTunnel(tunnel, {
      ...{ context, orders: by, hasOtherRelays: relays.length > 1, rescueBy },
      farewell: until => hooks.farewell(by.offBy, until),
      tell: hooks.tell,
      // The first change comes before it is there.
      onChange: () => {
        if (state.state === 'up' && state.run === started?.facts) publish()
      },
    })
    started = run
    runs.add(run)
    void run.ended
      .then(ending => moves.ended(run.facts, ending))
      .finally(() => runs.delete(run))
      .catch(() => {})
    return run
  }

  /** Until the tunnel ends, or until one to the preferred relay or by a better way took over and that ends. */
  async function use(first: Run): Promise<RunEnding> {
    for (let run = first; ; ) {
      track.end()
      carrying = run
      uplinks.carries(run.facts.way.uplink)
      publish({ state: 'up', run: run.facts })
      hooks.onTunnel(run.tunnel, run.facts.intervals)
      const searching = new AbortController()
      const searches = [
        changeWay(context, run, searching.signal, {
          request: via => requestTo(run.tunnel.relay, via, run.orders),
          start: tunnel => start(tunnel, run.orders),
        }),
        ...(run.tunnel.relay === choice.preferred ? [] : [lookForPreferred(searching.signal)]),
      ]
      let ending: RunEnding | undefined
      try {
        const ended = run.ended.then(how => {
          ending = how
        })
        await Promise.race([ended, ...searches])
      } finally {
        searching.abort()
      }
      // A second tunnel that is proved now is good enough, also before its five minutes have passed.
      const [next, other] = (await Promise.all(searches)).filter(found => found !== undefined)
      other?.stop()
      if (ending !== undefined && next === undefined) {
        wasStable = run.provedForMs() >= intervals.stableS * 1000
        return ending
      }
      if (next === undefined) return { kind: 'stopped' }
      const { relay } = next.tunnel
      const isSameRelay = relay === run.tunnel.relay
      log.info({ relay: relay.host, ...next.facts.way }, 'moved; the other tunnel closes when it is empty')
      choice.movedTo(relay)
      moves.plan(next.facts, isSameRelay ? 'it is better, and lasts' : 'the preferred relay is back')
      if (ending?.kind === 'replaced') ending.connection.destroy()
      if (ending === undefined) {
        const longestMs = isSameRelay ? Number.POSITIVE_INFINITY : DRAIN_MAX_MS
        const by = isSameRelay ? run.orders : undefined
        const farewell = (until: AbortSignal) => hooks.farewell(by?.offBy, until)
        void drain(run, context, { orders: by, longestMs, farewell, tell: hooks.tell })
      }
      run = next
    }
  }

  function lookForPreferred(searching: AbortSignal): Promise<Run | undefined> {
    return comeBack(context, choice.preferred, searching, {
      request: (relay, via, into) => requestTo(relay, via, into, false),
      start: (tunnel, by) => start(tunnel, by, []),
    })
  }

  /** What an ending means for the next try. */
  function judge(ending: Exclude<RunEnding, { kind: 'stopped' | 'replaced' }>): Failure {
    switch (ending.kind) {
      case 'failed':
        choice.failed(ending.failure)
        return ending.failure
      case 'lost':
        // A relay that accepts the device and drops it again counts like one that does not accept it.
        if (!wasStable) choice.failed(ending.failure)
        return ending.failure
      case 'redirected': {
        const from = choice.present
        choice.redirected(ending.relay)
        const { host, port } = ending.relay
        return {
          state: 'no-relay',
          cause: `going from ${from.host}:${from.port} to ${host}:${port}, as the relay ordered`,
        }
      }
      default:
        return ending satisfies never
    }
  }

  /** Handles the relay's orders. None of them can make a device trust anything but its configuration. */
  function obey(order: RelayOrder, relay: RelayConfig, into: Orders): void {
    log.info({ relay: relay.host, order }, 'the relay ordered')
    switch (order.type) {
      case 'maintenance':
        into.maintenance(order)
        break
      case 'blink':
        hooks.onBlink(order.seconds)
        break
      case 'relay':
        if (!into.redirect(order, relay))
          log.warn({ order }, 'this relay is not in the configuration: staying with the present one')
        break
      case 'settings':
        hooks.onSettings(order, relay)
        break
      default:
        order satisfies never
    }
  }
}
