/** Who is at a console, and which of them types. All of them are told what changes. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import type { KeptSeat } from './kept-seats.ts'
import { calledAs, type Person } from './person.ts'
import { refusalOf } from './right.ts'
import type { Seat, SeatEvents } from './seat.ts'

export class Seats {
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #seats = new Set<Seat>()
  #writer: Seat | undefined
  #soFar = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
  }

  get all(): readonly Seat[] {
    return [...this.#seats]
  }

  nextId(): number {
    return ++this.#soFar
  }

  /** Undefined while nobody types. */
  get writer(): Seat | undefined {
    return this.#writer
  }

  /**
   * The first one that may type does.
   * @param back what was kept of their lost session
   * @param isReserved the keyboard is kept for somebody else
   */
  join(person: Person, viewOnly: boolean, events: SeatEvents, back?: KeptSeat, isReserved = false): Seat {
    const sinceMs = this.#clock.nowMs()
    const times = this.#times
    const clock = this.#clock
    let touchedMs = sinceMs
    const seat: Seat = {
      ...person,
      id: this.nextId(),
      get since() {
        return times.of(sinceMs)
      },
      viewOnly,
      get idleMs() {
        return clock.nowMs() - touchedMs
      },
      touch: () => {
        touchedMs = clock.nowMs()
      },
      mayType: refusalOf({ role: person.role, viewOnly }) === undefined,
      events,
      ...(back && { back }),
    }
    this.tellAll(`${calledAs(seat)} ${back ? 'is back' : 'joined'}${seat.mayType ? '' : ' to watch'}`)
    this.#seats.add(seat)
    if (seat.mayType && !isReserved) this.#writer ??= seat
    return seat
  }

  /** @param isLost the others are told elsewhere. @returns false for one that has left already */
  leave(seat: Seat, isLost = false): boolean {
    if (!this.#seats.delete(seat)) return false
    const wrote = this.#writer === seat
    if (wrote) this.#writer = undefined
    if (!isLost) this.tellAll(`${calledAs(seat)} left${wrote ? ': the next operator who types has the console' : ''}`)
    return true
  }

  /** This one types from now on. */
  give(seat: Seat, announcement: string): void {
    this.#writer = seat
    this.tellAll(announcement)
  }

  /** Nobody types. */
  free(announcement: string): void {
    this.#writer = undefined
    this.tellAll(announcement)
  }

  tellAll(text: string, except?: Seat): void {
    for (const seat of this.#seats) if (seat !== except) seat.events.onNotice(text)
  }

  /** There may be room for more of what each of them types. */
  tellRoom(): void {
    for (const seat of this.all) seat.events.onRoom()
  }
}
