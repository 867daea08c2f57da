/** What a run of a row observed, as changes with monotonic times; the judge reads nothing else. */
import { isProvedReachable, STATE_NAMES } from '../../../formats/states.ts'

/** From `atMs` on, until the next. */
export interface Way {
  atMs: number
  ok: boolean
  /** Why not. */
  why: string
}

/** What the device says of itself from `atMs` on. */
export interface Claim {
  atMs: number
  /** `none` where there is no status, `old` where it has not been renewed. */
  state: string
  cause: string
  /** The relay that it names. */
  relay: string
  /** The way to it: `direct`, `tls` or `proxy`; empty without a tunnel. */
  rung: string
  /** The interface that carries the tunnel, where it has a choice. */
  uplink: string
  /** The state in the LED's file. */
  led: string
}

export interface PartyWays {
  /** Both listeners: what `ready` promises. */
  both: Way[]
  shell: Way[]
  console: Way[]
  /** Whether anybody holds the listeners at all, whatever is behind them. */
  held: Way[]
}

export interface Cost {
  /** On the device's link, IP level, both ways, since the fault began. */
  bytes: number
  /** Packets that ask a relay for a connection. */
  syns: number
}

export interface Observation {
  faultAtMs: number
  /** The fault's end; the same as its beginning where it is a moment, or where the way around it is there at once. */
  endAtMs: number
  /** When the observer stopped looking. */
  overAtMs: number
  claims: Claim[]
  ours: PartyWays
  peer?: PartyWays
  cost: { ours: Cost; peer?: Cost }
  /** What the row itself found wrong. */
  found: string[]
  /** Figures of the row's own. */
  figures: Record<string, number>
}

/** States that promise a way in. */
export const PROMISING: readonly string[] = STATE_NAMES.filter(isProvedReachable)
