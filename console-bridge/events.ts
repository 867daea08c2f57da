/** What people did at this device beside their sessions, which the status shows: the last of it, for the relay's history. */

import type { ConsoleStatus } from '../formats/status-file.ts'
import { type Clock, WallTimes } from '../runtime/clock.ts'

export type BridgeEvent = NonNullable<ConsoleStatus['events']>[number]

/** Of these are kept: the supervisor looks at the status every two seconds. */
const KEPT = 32
/** Milliseconds in which refused logins become one: whoever tries keys all night is not to push out everything else. */
const REFUSED_MS = 10_000

export class Events {
  readonly #clock: Clock
  readonly #times: WallTimes
  /** Their times are of `Clock.nowMs`: a board may learn the time of day later. */
  readonly #events: BridgeEvent[] = []
  #nextId = 1
  #refused: { event: BridgeEvent; count: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
  }

  /** Oldest first, with times since 1970. */
  get latest(): readonly BridgeEvent[] {
    return this.#events.map(event => ({ ...event, at: this.#times.of(event.at) }))
  }

  add(event: Omit<BridgeEvent, 'id' | 'at'>): void {
    this.#events.push({ id: this.#nextId++, at: this.#clock.nowMs(), ...event })
    if (this.#events.length > KEPT) this.#events.shift()
  }

  /** A login that was refused, by the name that was asked for: nobody proved to be them. */
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
