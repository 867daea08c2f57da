/** From one tunnel to the next, and how that is said; pure. Instants are monotonic milliseconds. */
import { RUNG_NAMES, type RUNGS } from '../../formats/ways-out.ts'

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

/** Moves that the history is told one by one within {@link HOUR_MS}: a line that flaps must not push out what people did. */
const TOLD_MAX = 12
const HOUR_MS = 3_600_000

export class MoveEvents {
  #toldMs: number[] = []
  #untold = 0

  take(move: Move): MoveEvent[] {
    const events = eventsOf(move)
    if (events.length === 0) return []
    this.#toldMs = this.#toldMs.filter(ms => move.backMs - ms < HOUR_MS)
    if (this.#toldMs.length >= TOLD_MAX) {
      this.#untold++
      return []
    }
    this.#toldMs.push(move.backMs)
    const untold = this.#untold === 0 ? '' : `after ${this.#untold} more changes: `
    this.#untold = 0
    return events.map(({ event, detail }) => ({ event, detail: `${untold}${detail}` }))
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
