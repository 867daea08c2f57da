/** What people did beside their sessions: the latest of it, which the status hands on to the relay's history. */

import type { ConsoleStatus } from '../formats/status-file.ts'
import { type Clock, WallTimes } from '../runtime/clock.ts'

export type BridgeEvent = NonNullable<ConsoleStatus['events']>[number]

export type NewEvent = Omit<BridgeEvent, 'id' | 'at' | 'since'>

/** What lasted for a time, in milliseconds of `Clock.nowMs`. */
export interface Span {
  firstMs: number
  lastMs: number
}

/** So many are kept: the supervisor reads the status every two seconds. */
const KEPT = 32
/**
 * Milliseconds in which refused logins count as one event, so that a night of tries does not displace everything else.
 */
const REFUSED_MS = 10_000

export class Events {
  readonly #clock: Clock
  readonly #times: WallTimes
  /** With times of `Clock.nowMs`: a board may learn the time of day later. */
  readonly #events: BridgeEvent[] = []
  #nextId = 1
  #refused: { event: BridgeEvent; count: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
  }

  /** Oldest first, with times since 1970. */
  get latest(): readonly BridgeEvent[] {
    return this.#events.map(event => ({
      ...event,
      at: this.#times.of(event.at),
      ...(event.since !== undefined && { since: this.#times.of(event.since) }),
    }))
  }

  /** @param span if it lasted */
  add(event: NewEvent, span?: Span): void {
    const at = span?.lastMs ?? this.#clock.nowMs()
    this.#events.push({ id: this.#nextId++, at, ...(span && { since: span.firstMs }), ...event })
    if (this.#events.length > KEPT) this.#events.shift()
  }

  /** A login was refused. @param login the name that was asked for; nobody proved to be that person */
  refused(login: string, from: string): void {
    const last = this.#refused
    if (last !== undefined && this.#clock.nowMs() - last.event.at < REFUSED_MS) {
      last.count++
      return
    }
    const before = last !== undefined && last.count > 1 ? `; ${last.count - 1} more after the one before` : ''
    this.add({ event: 'refused', from, detail: `login as ${login.slice(0, 60)}${before}` })
    const event = this.#events.at(-1)
    this.#refused = event && { event, count: 1 }
  }
}
