/** Whether the relay still answers on a tunnel, and what to do if not: nothing is cut on suspicion. */
import { OVER, whenAborted, within } from '../../runtime/waiting.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Ports } from './ports.ts'
import type { Track } from './progress.ts'
import { Wake } from './wake.ts'

/** A ping is overdue after this many round trips, within these milliseconds: at 25 % loss 2 % of answers take longer than the least. */
const SUSPECT = { roundTrips: 4, minMs: 3_000, maxMs: 10_000 }
/** Milliseconds of silence beyond the ping interval after which a tunnel counts as not working, and after which it is given up. */
const SILENT_BEYOND_MS = 5_000
const GIVE_UP_BEYOND_MS = 30_000
/** A long interval adds a part of itself: a cellular line answers more slowly. */
const SILENT_PART = 1 / 3
/** Milliseconds between two looks for a sign of life while a ping is overdue. */
const LOOK_MS = 1_000
/** Milliseconds for which a connection is kept whose address is gone: a cable that is plugged in again cuts nobody. */
const ADDRESS_GONE_MAX_MS = 30_000

/** Milliseconds after the last sign of life for which a tunnel counts as working. */
export function silentMaxMs(pingMs: number): number {
  return pingMs + Math.max(SILENT_BEYOND_MS, pingMs * SILENT_PART)
}

export type LifeEnding<R> =
  /** The connection can no longer be used. */
  | { kind: 'lost'; cause: string }
  /** The old connection stayed silent, and a new one is logged in. */
  | { kind: 'replaced'; by: R }
  /** Somebody else ended it. */
  | { kind: 'over' }

export interface LifeOptions<R> extends Pick<Ports, 'clock' | 'network' | 'events' | 'log'> {
  /** Milliseconds of silence after which the relay is asked for a sign of life, now. */
  pingMs(): number
  /** Aborted when the tunnel ends for another reason, its connection's end included. */
  over: AbortSignal
  progress: Track
  /** When the other end last gave a sign of life. */
  onAlive(atMs: number): void
  /** It is back when the relay has answered by it. */
  onAddress(gone: boolean): void
  /** A new connection beside the silent one; undefined when aborted. A connection that comes after an abort is closed. */
  rescue(signal: AbortSignal): Promise<R | undefined>
  discard(late: R | undefined): void
}

/** Watches until the connection ends, is replaced, or is given up. */
export async function watchLife<R>(connection: Connection, options: LifeOptions<R>): Promise<LifeEnding<R>> {
  const wake = new Wake(options.clock)
  const address = addressOf(connection, options)
  const unsubscribe = options.events.subscribe(reason => {
    if (reason !== 'network') return
    // Reported at once, also during a ping.
    address.isGone()
    wake.notify(reason)
  })
  try {
    return await watch(connection, options, wake, address)
  } finally {
    unsubscribe()
    options.progress.end()
  }
}

async function watch<R>(
  connection: Connection,
  options: LifeOptions<R>,
  wake: Wake,
  address: Address,
): Promise<LifeEnding<R>> {
  const { clock, pingMs, over, progress } = options
  const signs = signsOf(connection, options)
  let roundTripMs = 0
  for (;;) {
    const waitMs = Math.max(0, signs.lastMs() + pingMs() - clock.nowMs())
    progress.beat(waitMs)
    let isAsked = (await wake.wait(waitMs, over)).size > 0
    if (over.aborted) return { kind: 'over' }
    if (address.isGone()) {
      progress.beat(ADDRESS_GONE_MAX_MS)
      const isBack = await addressReturns(address, options, wake)
      if (over.aborted) return { kind: 'over' }
      if (!isBack) return { kind: 'lost', cause: `the address ${connection.localAddress} is gone from this device` }
      isAsked = true
    }
    if (!isAsked && clock.nowMs() < signs.lastMs() + pingMs()) continue
    const asked = await ask(connection, options, signs, roundTripMs)
    if (typeof asked !== 'number') return asked
    roundTripMs = asked
    address.answered()
  }
}

interface Signs {
  /** When the last one came; checks again. */
  lastMs(): number
}

/** Any byte received, and any fall of what waits to be sent: the other end has acknowledged something. */
function signsOf(connection: Connection, { clock, onAlive }: Pick<LifeOptions<unknown>, 'clock' | 'onAlive'>): Signs {
  let lastMs = clock.nowMs()
  let unsent = 0
  return {
    lastMs: () => {
      const { receivedAtMs, unsentBytes } = connection.activity()
      if (unsentBytes < unsent) lastMs = clock.nowMs()
      unsent = unsentBytes
      lastMs = Math.max(lastMs, receivedAtMs)
      onAlive(lastMs)
      return lastMs
    },
  }
}

interface Address {
  /** Checks again, and reports that it went. */
  isGone(): boolean
  /** Reports that it is back, if it is: an address alone says nothing of what it leads to. */
  answered(): void
}

function addressOf(
  { localAddress }: Connection,
  { network, onAddress }: Pick<LifeOptions<unknown>, 'network' | 'onAddress'>,
): Address {
  let hasGone = false
  const isGone = () => {
    const isGone = localAddress !== undefined && !network.hasAddress(localAddress)
    if (isGone && !hasGone) onAddress(true)
    hasGone ||= isGone
    return isGone
  }
  return {
    isGone,
    answered: () => {
      if (!hasGone || isGone()) return
      hasGone = false
      onAddress(false)
    },
  }
}

/** True when it is back; false when another one is there, or nothing for too long. */
async function addressReturns<R>(
  { isGone }: Address,
  { clock, network, over }: LifeOptions<R>,
  wake: Wake,
): Promise<boolean> {
  const untilMs = clock.nowMs() + ADDRESS_GONE_MAX_MS
  while (!over.aborted && clock.nowMs() < untilMs) {
    if (!isGone()) return true
    if (network.linkUp()) return false
    await wake.wait(untilMs - clock.nowMs(), over)
  }
  return false
}

/** One ping; returns its round trip in milliseconds, or how the tunnel ended because there was no answer. */
async function ask<R>(
  connection: Connection,
  options: LifeOptions<R>,
  signs: Signs,
  roundTripMs: number,
): Promise<number | LifeEnding<R>> {
  const { clock, over, pingMs, progress } = options
  const sentMs = clock.nowMs()
  const pinging = new AbortController()
  const ping = connection.ping(pinging.signal)
  try {
    const suspectMs = Math.min(SUSPECT.maxMs, Math.max(SUSPECT.minMs, SUSPECT.roundTrips * roundTripMs))
    progress.beat(suspectMs)
    const answer = await within(suspectMs, [over], () => ping, { clock })
    if (answer.kind === 'aborted') return { kind: 'over' }
    if (answer.kind === 'done' && answer.value !== undefined) return answer.value
    if (signs.lastMs() > sentMs) return roundTripMs
    progress.beat(pingMs() + GIVE_UP_BEYOND_MS)
    return await suspect(options, signs, sentMs, ping)
  } finally {
    pinging.abort(OVER)
  }
}

/** The ping is overdue: a new connection is made beside the old one, and whichever answers first wins. */
async function suspect<R>(
  options: LifeOptions<R>,
  signs: Signs,
  sentMs: number,
  ping: Promise<number | undefined>,
): Promise<number | LifeEnding<R>> {
  const { clock, over, pingMs, rescue, discard, log } = options
  log.warn('the relay does not answer on the tunnel: trying a new connection beside it')
  const giveUpMs = signs.lastMs() + pingMs() + GIVE_UP_BEYOND_MS
  const settled = new AbortController()
  let roundTripMs: number | undefined
  let rescued: R | undefined
  let isOpen = true
  void ping.then(ms => {
    roundTripMs = ms
    if (ms !== undefined) settled.abort(OVER)
  })
  const rescuing = new AbortController()
  void rescue(rescuing.signal).then(
    found => {
      if (!isOpen) return discard(found)
      if (found === undefined) return
      rescued = found
      settled.abort(OVER)
    },
    err => log.error({ err }, 'the second connection beside the tunnel failed'),
  )
  void whenAborted(over, settled.signal).then(() => settled.abort(OVER))
  try {
    for (;;) {
      await clock.sleep(LOOK_MS, settled.signal)
      if (over.aborted) return { kind: 'over' }
      if (roundTripMs !== undefined || signs.lastMs() > sentMs) {
        log.info('the tunnel answers again')
        return roundTripMs ?? clock.nowMs() - sentMs
      }
      if (rescued !== undefined) {
        const by = rescued
        rescued = undefined
        return { kind: 'replaced', by }
      }
      if (clock.nowMs() >= giveUpMs) {
        return { kind: 'lost', cause: 'the relay no longer answers' }
      }
    }
  } finally {
    isOpen = false
    rescuing.abort(OVER)
    settled.abort(OVER)
    discard(rescued)
  }
}
