/** From one tunnel to the next, and how that is said; pure. Instants are monotonic milliseconds. */
import { RUNG_NAMES, type RUNGS } from '../../formats/ways-out.ts'
import { HourlyTold } from './hourly-told.ts'

/** By which a tunnel goes. */
export interface WayOut {
  /** The interface; undefined where nobody knows. */
  uplink: string | undefined
  rung: (typeof RUNGS)[number]
  /** `host:port` */
  relay: string
}

export interface Move {
  from: WayOut
  to: WayOut
  /** Why the first one was left: a sentence without its end. */
  why: string
  /** `planned`: nobody is cut off by it. */
  kind: 'lost' | 'planned'
  /** The last sign of life of the first one. */
  lostMs: number
  /** When its connection was closed here, and with it the sessions in it. */
  closedMs: number
  /** When people could come in by the second one. */
  backMs: number
}

/** What the history is told of a move, one entry for each kind of change; none for a reconnect by the same way. */
export interface MoveEvent {
  event: 'uplink' | 'way'
  detail: string
}

/** A line that flaps is not told each time. */
export class MoveEvents {
  readonly #told = new HourlyTold('changes')

  take(move: Move): MoveEvent[] {
    const events = eventsOf(move)
    if (events.length === 0) return []
    const details = this.#told.takeEach(
      move.backMs,
      events.map(({ detail }) => detail),
    )
    return (details ?? []).map((detail, at) => ({ event: events[at]?.event ?? 'uplink', detail }))
  }
}

function eventsOf({ from, to, why, kind, lostMs, backMs }: Move): MoveEvent[] {
  const without = kind === 'planned' ? 'nobody cut off' : `${seconds(backMs - lostMs)} without`
  const say = (a: string, b: string) => `${a} to ${b}, ${without}: ${why}`
  return [
    ...(from.uplink !== undefined && to.uplink !== undefined && from.uplink !== to.uplink
      ? [{ event: 'uplink' as const, detail: say(from.uplink, to.uplink) }]
      : []),
    ...(from.rung === to.rung
      ? []
      : [{ event: 'way' as const, detail: say(RUNG_NAMES[from.rung], RUNG_NAMES[to.rung]) }]),
  ]
}

/** For somebody whose session was in the tunnel that was lost: `uplink eth0 failed: …; back by wlan0 after 8 s`. */
export function explain({ from, to, why, lostMs, backMs }: Move): string {
  const otherUplink = from.uplink !== to.uplink && from.uplink !== undefined && to.uplink !== undefined
  const by = [
    ...(otherUplink ? [`by ${to.uplink}`] : []),
    ...(from.rung === to.rung ? [] : [`by ${RUNG_NAMES[to.rung]}`]),
    ...(from.relay === to.relay ? [] : [`at ${to.relay}`]),
  ]
  const what = otherUplink ? `uplink ${from.uplink} failed: ${why}` : why
  return `${what}; ${['back', ...by].join(' ')} after ${seconds(backMs - lostMs)}`
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`
}
