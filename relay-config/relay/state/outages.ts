/** When nobody could get into a device, and how long until it was proved again: from moments that relays and the device know; pure. */
import { isProvedReachable } from '../../../formats/states.ts'

/** A moment at which a state was known. */
export interface TrendPoint {
  /** Milliseconds since 1970. */
  atMs: number
  /** Of the device, or `away` once its connection has ended. */
  state: string
  /** Milliseconds of the last round trip through its tunnel then. */
  probeMs?: number | undefined
  /** From the device's own list of changes, which it tells later. */
  isOwn?: boolean | undefined
  cause?: string | undefined
  /** Of several. */
  relay?: string | undefined
}

type Why = Pick<Outage, 'state' | 'cause'>

export interface Outage {
  fromMs: number
  /** Undefined while it lasts. */
  toMs: number | undefined
  /** What it began with, as far as a cause is known of it. */
  state: string
  cause: string
  /** It ended with a proof, and not because access was switched off. */
  isHealed: boolean
}

/** Milliseconds between two outages that are one: a report may come late, and its ages count from when it came. */
const SAME_MS = 15_000
/** Milliseconds by which a relay must have had a device before the device's own list begins, to say that it was there then. */
const BEFORE_MS = 60_000

/** Oldest first. What was before the first proof is none: a device is set up once. */
export function outagesOf(points: readonly TrendPoint[]): Outage[] {
  const sorted = points.toSorted((a, b) => a.atMs - b.atMs)
  const atRelays = bestOfRelays(sorted.filter(({ isOwn }) => !isOwn))
  const own = sorted.filter(({ isOwn }) => isOwn)
  const [firstOwn] = own
  const wasUp =
    firstOwn !== undefined && atRelays.some(({ atMs, state }) => atMs < firstOwn.atMs - BEFORE_MS && isUp(state))
  const seen = [...spansOf(atRelays, false), ...spansOf(own, wasUp)].map(outage => closed(outage, atRelays))
  return seen.toSorted((a, b) => a.fromMs - b.fromMs).reduce(joined, [])
}

/** Milliseconds of those that were healed: the median, and the longest. */
export function healTimes(outages: readonly Outage[]): { medianMs: number; longestMs: number } | undefined {
  const times = outages.flatMap(({ fromMs, toMs, isHealed }) => (isHealed && toMs !== undefined ? toMs - fromMs : []))
  if (times.length === 0) return undefined
  const sorted = times.toSorted((a, b) => a - b)
  return { medianMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, longestMs: sorted.at(-1) ?? 0 }
}

const isUp = isProvedReachable

/** A device is up where one of its relays has it. */
function bestOfRelays(points: readonly TrendPoint[]): TrendPoint[] {
  const latest = new Map<string, string>()
  return points.map(point => {
    latest.set(point.relay ?? '', point.state)
    const up = [...latest.values()].find(isUp)
    return up === undefined ? point : { ...point, state: up }
  })
}

function spansOf(points: readonly TrendPoint[], wasUp: boolean): Outage[] {
  const outages: Outage[] = []
  let isKnown = wasUp
  let bad: Outage | undefined
  for (const { atMs, state, cause = '' } of points) {
    const isOff = state === 'maintenance'
    if (isUp(state) || isOff) {
      if (bad) outages.push({ ...bad, toMs: atMs, isHealed: !isOff })
      bad = undefined
      isKnown = !isOff
    } else if (bad) bad = { ...bad, ...whyOf(bad, { state, cause }) }
    else if (isKnown) bad = { fromMs: atMs, toMs: undefined, state, cause, isHealed: false }
  }
  return bad ? [...outages, bad] : outages
}

/** The device's list is as old as its last report: a relay may know what came after. */
function closed(outage: Outage, atRelays: readonly TrendPoint[]): Outage {
  if (outage.toMs !== undefined) return outage
  const after = atRelays.find(({ atMs, state }) => atMs >= outage.fromMs && isUp(state))
  return after === undefined ? outage : { ...outage, toMs: after.atMs, isHealed: true }
}

function joined(outages: Outage[], next: Outage): Outage[] {
  const last = outages.at(-1)
  if (last === undefined || (last.toMs !== undefined && next.fromMs > last.toMs + SAME_MS)) return [...outages, next]
  const isLonger = last.toMs !== undefined && (next.toMs === undefined || next.toMs > last.toMs)
  const end = isLonger ? { toMs: next.toMs, isHealed: next.isHealed } : {}
  return [...outages.slice(0, -1), { ...last, ...end, ...whyOf(last, next) }]
}

/** The first that has a cause, with the state that it is the cause of. */
function whyOf(first: Why, second: Why): Why {
  const { state, cause } = first.cause === '' && second.cause !== '' ? second : first
  return { state, cause }
}
