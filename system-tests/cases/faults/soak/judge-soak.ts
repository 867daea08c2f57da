/** What a soak comes to; pure. */
import { type Claim, type PartyWays, PROMISING } from '../observation.ts'
import { type Span, stretches, total, without } from '../spans.ts'
import type { Footprint } from './footprint.ts'

export interface SoakObservation {
  fromMs: number
  toMs: number
  claims: Claim[]
  ways: PartyWays
  faults: number
  /** A sentence for each fault after which the world was whole, and the device not ready within the limit. */
  notHealed: string[]
  before: Footprint
  after: Footprint
  readyAtEnd: boolean
  /** How often the watchdog ended the supervisor. */
  watchdogs: number
}

/**
 * Milliseconds for which one promise may outlast the way (docs/tunnel.md), and what a busy machine adds; and the part of the
 * time for which nobody may even hold the listener: with a fault every 20 s, each may take a good part of that.
 */
const OUTLAST_MS = 25_000 + 5_000
const UNHELD_SHARE = 0.1
/** Kilobytes: what a garbage collector has not yet given back is no leak, what grows by half is. */
const GROWTH = 1.5

export function judgeSoak(seen: SoakObservation): { lines: string[]; missed: string[] } {
  const window: Span = [seen.fromMs, seen.toMs]
  const promised = (gone: readonly Span[]) => {
    const unpromised = stretches(window, seen.claims, ({ state }) => !PROMISING.includes(state))
    return gone.flatMap(span => without(span, unpromised))
  }
  const unheld = promised(stretches(window, seen.ways.held, ({ ok }) => !ok))
  const withoutWay = promised(stretches(window, seen.ways.both, ({ ok }) => !ok))
  const share = total(unheld) / (seen.toMs - seen.fromMs)
  const longestMs = Math.max(0, ...withoutWay.map(([fromMs, toMs]) => toMs - fromMs))
  const { before, after } = seen
  const relay = [before, after].map(({ onRelay }) => onRelay.join(' '))
  const lines = [
    `${seen.faults} faults in ${((seen.toMs - seen.fromMs) / 60_000).toFixed(1)} minutes; not healed in time: ${seen.notHealed.length}`,
    `ready without a listener: ${(100 * share).toFixed(2)} % of the time; longest promise without a way: ${(longestMs / 1000).toFixed(1)} s`,
    `on the relay: ${relay[1]}`,
    `supervisor: ${before.descriptors} descriptors before, ${after.descriptors} after; ${mb(before)} MB before, ${mb(after)} MB after`,
  ]
  const missed = [
    ...seen.notHealed,
    ...(seen.readyAtEnd ? [] : ['not ready at the end']),
    ...(relay[0] === relay[1] ? [] : [`on the relay there was: ${relay[0]}; and now: ${relay[1]}`]),
    ...(longestMs <= OUTLAST_MS ? [] : [`a way in was promised for ${(longestMs / 1000).toFixed(1)} s without one`]),
    ...(share < UNHELD_SHARE ? [] : [`ready without a listener for ${(100 * share).toFixed(2)} % of the time`]),
    ...(before.pid === after.pid ? [] : ['the supervisor is another process: it ended by itself']),
    ...(after.descriptors <= before.descriptors
      ? []
      : [`${after.descriptors - before.descriptors} descriptors are left open`]),
    ...(after.rssKb <= before.rssKb * GROWTH ? [] : [`memory grew from ${mb(before)} to ${mb(after)} MB`]),
    ...(seen.watchdogs === 0 ? [] : [`the watchdog ended the supervisor ${seen.watchdogs} times`]),
  ]
  return { lines, missed }
}

const mb = ({ rssKb }: Footprint) => (rssKb / 1024).toFixed(0)
