/** A target may still be logged in when its last operator has left: warns who comes, or sends what `on_leave` says. */
import type { ConsoleConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ConsoleLine } from './console-line.ts'
import type { KeptSeats } from './kept-seats.ts'
import { LastTyped } from './last-typed.ts'
import type { Outgoing } from './outgoing.ts'
import type { Person } from './person.ts'
import type { Reports } from './reports.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'

/** The queue itself gives up what a held line does not take. */
const NEVER = new AbortController().signal

interface OnLeaveOptions {
  setting: ConsoleConfig['onLeave']
  clock: Clock
  line: ConsoleLine
  seats: Seats
  kept: KeptSeats
  outgoing: Outgoing
  reports: Reports
}

/** Owns in the queue what it sends. */
export class OnLeave {
  readonly #options: OnLeaveOptions
  readonly #lastTyped: LastTyped

  constructor(options: OnLeaveOptions) {
    this.#options = options
    this.#lastTyped = new LastTyped(options.clock)
  }

  /** What this person typed was sent. */
  typed(person: Person): void {
    this.#lastTyped.typed(person)
  }

  /** What somebody who comes should know of who was here before. */
  warningFor(seat: Seat): string | undefined {
    const { setting, seats, kept } = this.#options
    if (setting === 'none') return undefined
    return this.#lastTyped.warning(seat, [...seats.all.filter(other => other !== seat), ...kept.people])
  }

  /** When the last operator has left, and no place is kept, sends what the setting says, if anything was typed before. */
  async send(): Promise<void> {
    const { setting, line, seats, kept, outgoing, reports } = this.#options
    if (typeof setting === 'string' || !this.#lastTyped.isKnown || !line.state.open) return
    if (kept.people.length > 0 || seats.all.some(({ mayType }) => mayType)) return
    this.#lastTyped.forget()
    // In one piece: what somebody types from now on comes after it.
    outgoing.push(this, Buffer.from(setting.send))
    seats.tellAll('the last operator left: what on_leave says is sent to the target')
    reports.recorder?.happened('note', 'on_leave', { bytes: setting.send.length })
    reports.log.info('on_leave sent')
    if (await outgoing.sent(this, NEVER)) return
    outgoing.discard(this, { kind: 'held', text: 'flow control holds the line' })
    reports.log.warn('on_leave not sent: flow control holds the line')
  }
}
