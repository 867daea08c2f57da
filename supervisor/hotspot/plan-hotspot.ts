/** When the hotspot of this board is asked for, and when it is ended: pure. Times are monotonic milliseconds. */

const MINUTE_MS = 60_000

/** Without a way out for so long, it starts by itself: as long as an access point or a modem takes to come back after a power cut. */
export const LOST_MS = 5 * MINUTE_MS
/** Nobody on it for so long: it ends where a way out is proved, also when a person has started it. */
export const QUIET_MS = 5 * MINUTE_MS
/** Until what was not granted is asked for again. */
export const AGAIN_MS = MINUTE_MS
/** For which what a person wanted is tried. */
export const WISH_MS = 3 * MINUTE_MS

export interface HotspotFacts {
  nowMs: number
  /** `[hotspot] automatic`. */
  automatic: boolean
  /** A tunnel is there, by whatever interface, or the relay has this board wait. */
  hasWay: boolean
  /** Since when there is none. */
  lostMs: number
  /** What a person wants, and when they said so. */
  wish: { to: 'on' | 'off'; atMs: number } | undefined
  /** Undefined while it is off. `quietMs`: since when nobody is on it. */
  on: { quietMs: number | undefined; endsAtMs: number | undefined } | undefined
  /** Since when it is off; of one that is on, the last time. */
  offMs: number
  /** It was started for want of a way out, and not by a person. */
  isByItself: boolean
  /** When something was last asked for. */
  askedMs: number | undefined
}

export interface HotspotPlan {
  /** What to ask for now. */
  step: 'hotspot-on' | 'hotspot-off' | undefined
  /** What comes next by itself, if nothing else changes. */
  next: { to: 'on' | 'off'; atMs: number } | undefined
}

export function planHotspot(facts: HotspotFacts): HotspotPlan {
  const { nowMs, wish, on, askedMs } = facts
  const wished = wish !== undefined && nowMs - wish.atMs < WISH_MS ? wish : undefined
  const isNews = wished !== undefined && (askedMs === undefined || askedMs < wished.atMs)
  const mayAsk = isNews || askedMs === undefined || nowMs - askedMs >= AGAIN_MS
  const next = nextOf(facts)
  const to = wished?.to ?? (next !== undefined && next.atMs <= nowMs ? next.to : undefined)
  const isSo = (to === 'on') === (on !== undefined)
  if (to === undefined || isSo || !mayAsk) return { step: undefined, next }
  return { step: to === 'on' ? 'hotspot-on' : 'hotspot-off', next }
}

function nextOf({ automatic, hasWay, lostMs, on, offMs, isByItself }: HotspotFacts): HotspotPlan['next'] {
  if (on === undefined) {
    if (!automatic || hasWay) return undefined
    return { to: 'on', atMs: Math.max(lostMs, offMs) + LOST_MS }
  }
  const { quietMs, endsAtMs } = on
  if (quietMs === undefined) return undefined
  // A way out that is found while it is on is by another interface.
  if (hasWay) return { to: 'off', atMs: quietMs + (isByItself ? 0 : QUIET_MS) }
  return endsAtMs === undefined ? undefined : { to: 'off', atMs: endsAtMs }
}
