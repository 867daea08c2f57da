/** The loop around one connection: which relay next, and when. */
import { backoffMs } from '../../runtime/backoff.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Intervals, RelayConfig } from '../../runtime/device-config.ts'
import type { Ending } from './connect-once.ts'
import type { Failure } from './open-connection.ts'
import type { Wake } from './wake.ts'

export interface KeepOptions {
  relays: readonly RelayConfig[]
  intervals: Intervals
  clock: Clock
  random(): number
  wake: Wake
  signal: AbortSignal
  /** True while the network is worth a try. */
  linkUp(): boolean
  /** One connection, from its beginning to its end. */
  connect(relay: RelayConfig): Promise<Ending>
  /** The tunnel is down, and why; `retryMs` is the monotonic time of the next try, null while it waits for a link. */
  onDown(failure: Failure | undefined, retryMs: number | null): void
}

/** Milliseconds between two looks at the link, beside the network's own events. */
const LINK_LOOK_MS = 30_000

/** Keeps a tunnel up until the signal is aborted. Starts again with the first relay, or the one that it was sent to, after each tunnel that was up. */
export async function keepConnected(options: KeepOptions): Promise<void> {
  const { relays, intervals, clock, random, wake, signal, linkUp, connect, onDown } = options
  let first = 0
  let at = first
  let failures = 0
  let inRound: Failure[] = []
  let last: Failure | undefined
  while (!signal.aborted) {
    while (!linkUp() && !signal.aborted) {
      onDown(last, null)
      await wake.wait(LINK_LOOK_MS, [signal])
    }
    const relay = relays[at % relays.length]
    if (signal.aborted || !relay) return
    const startedMs = clock.nowMs()
    const ending = await connect(relay)
    if (ending.kind === 'stopped') return
    last = failureOf(ending, relay)
    if (ending.kind === 'failed') {
      at++
      inRound.push(last)
    } else {
      if (ending.kind === 'redirected') first = relays.indexOf(ending.relay)
      at = first
      inRound = []
      if (clock.nowMs() - startedMs >= intervals.stableS * 1000) failures = 0
    }
    // Within a round of several relays the next one is tried soon; the wait grows from round to round.
    const roundDone = ending.kind !== 'failed' || at % relays.length === first
    if (roundDone) failures++
    const waitMs = roundDone ? pauseMs(inRound, failures, intervals, random) : backoffMs(1, limits(intervals), random)
    if (roundDone) inRound = []
    onDown(last, clock.nowMs() + waitMs)
    await wake.wait(waitMs, [signal])
  }
}

/** Where only a person can mend it, on every relay, the wait grows further: there is no hurry, and the log stays readable. */
function pauseMs(inRound: Failure[], failures: number, intervals: Intervals, random: () => number): number {
  const slow = inRound.length > 0 && inRound.every(({ word }) => word === 'refused' || word === 'duplicate')
  const { minMs, maxMs } = limits(intervals)
  return backoffMs(failures, { minMs, maxMs: slow ? intervals.slowRetryS * 1000 : maxMs }, random)
}

function limits({ backoffMinS, backoffMaxS }: Intervals) {
  return { minMs: backoffMinS * 1000, maxMs: backoffMaxS * 1000 }
}

function failureOf(ending: Exclude<Ending, { kind: 'stopped' }>, relay: RelayConfig): Failure {
  switch (ending.kind) {
    case 'failed':
      return ending.failure
    case 'lost':
      return { word: 'no-relay', cause: `the tunnel to ${relay.host}:${relay.port} was lost: ${ending.cause}` }
    case 'unproved':
      return { word: 'unproved', cause: `reconnecting: ${ending.cause}` }
    case 'redirected': {
      const { host, port } = ending.relay
      return {
        word: 'no-relay',
        cause: `going from ${relay.host}:${relay.port} to ${host}:${port}, as that relay said`,
      }
    }
    default:
      return ending satisfies never
  }
}
