/** The sessions at a console: they come, leave, are lost, and come back. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { timeText } from '../../runtime/time-text.ts'
import { describeKept, isSame, type KeptSeat, type KeptSeats } from './kept-seats.ts'
import type { Keyboard } from './keyboard.ts'
import { type LostSession, LostSessions } from './lost-sessions.ts'
import type { OnLeave } from './on-leave.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { EventFields } from './recorder.ts'
import { personOf, type RememberedSeat } from './remembered.ts'
import type { Reports } from './reports.ts'
import type { HowEnded, Seat, SeatEvents } from './seat.ts'
import type { Seats } from './seats.ts'
import { sizeText, type TerminalSize } from './terminal-size.ts'
import { type Typed, TypedCounts } from './typed-counts.ts'

interface SessionsOptions {
  clock: Clock
  seats: Seats
  kept: KeptSeats
  keyboard: Keyboard
  outgoing: Outgoing
  onLeave: OnLeave
  reports: Reports
  /** The last session left. */
  onEmpty(): void
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #typed = new TypedCounts()
  readonly #lostSessions: LostSessions
  readonly #explained = new WeakMap<Seat, string>()
  readonly #times: WallTimes
  /** Of people, who may come back; a program runs again. */
  readonly #withTerminal = new WeakSet<Seat>()

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#lostSessions = new LostSessions(options.clock)
    this.#times = new WallTimes(options.clock)
  }

  /**
   * Takes a seat; the first one that may type does.
   * @param size of the terminal, if it has one
   */
  attach(person: Person, viewOnly: boolean, events: SeatEvents, size?: TerminalSize): Seat {
    const { seats, kept, keyboard, reports } = this.#options
    // A program is no session that comes back.
    const back = person.port === undefined ? kept.takeBack(person, viewOnly) : undefined
    const reserved = kept.writer
    const isReserved = reserved !== undefined && !isSame(reserved.person, person)
    const seat = seats.join(person, viewOnly, events, back, isReserved)
    if (size && person.port === undefined) this.#withTerminal.add(seat)
    const explained = person.port === undefined ? this.#lostSessions.take(person) : undefined
    if (explained) this.#explained.set(seat, this.#describeLost(explained))
    if (keyboard.writer === seat) kept.takeKeyboard(seat)
    for (const other of this.#othersOf(seat)) other.events.onSamePerson?.()
    reports.log.info({ ...logged(seat), writes: keyboard.writer === seat }, 'session joined')
    reports.recorder?.happened('session', 'begin', sessionFields(seat, size))
    reports.onChange()
    return seat
  }

  /** What ended the session that this person had here before, if somebody has said it: a sentence. */
  endOfFormer(seat: Seat): string | undefined {
    return this.#explained.get(seat)
  }

  /** Tells those who are not on the device itself. */
  tellRemote(text: string): void {
    for (const { via, events } of this.#options.seats.all) if (via !== 'shell') events.onNotice(text)
  }

  /** Says why the sessions ended that were lost in the last so many milliseconds: who is back is told now, who is not when they come. */
  explainLost(withinMs: number, why: string): void {
    this.#lostSessions.explain(withinMs, why)
    for (const seat of this.#options.seats.all) {
      const explained = seat.port === undefined ? this.#lostSessions.take(seat) : undefined
      if (explained) seat.events.onNotice(this.#describeLost(explained))
    }
  }

  /** The terminal of this seat has another size now. */
  resized(seat: Seat, size: TerminalSize): void {
    this.#options.reports.recorder?.happened('session', 'size', { id: seat.id, size: sizeText(size) })
  }

  /** So much of what this seat typed is on the line. */
  sent(seat: Seat, bytes: number): void {
    const { clock, onLeave } = this.#options
    this.#typed.sent(seat, bytes, clock.nowMs())
    onLeave.typed(seat)
    seat.events.onSent(bytes)
  }

  /**
   * Leaves the seat. What it typed and was not sent is discarded.
   * @param readUpTo for a lost connection: the position up to which its terminal certainly showed the output
   */
  leave(seat: Seat, how: HowEnded = 'left', readUpTo?: number): void {
    const { seats, outgoing, onLeave, reports } = this.#options
    // Also while a file transfer has the line.
    const wrote = seats.writer === seat
    if (!seats.leave(seat, readUpTo !== undefined)) return
    const discardedBytes = outgoing.discard(seat, { kind: 'left', text: 'the session ended' })
    if (readUpTo !== undefined) this.#lost(seat, { readUpTo, wrote, discardedBytes })
    reports.log.info(logged(seat), readUpTo === undefined ? 'session left' : 'session lost')
    const typed = this.#typed.of(seat)
    reports.recorder?.happened('session', 'end', { id: seat.id, by: calledAs(seat), how, typed: typed?.bytes ?? 0 })
    if (typed) this.#noteTyped(seat, typed)
    if (seats.all.length === 0) this.#options.onEmpty()
    // At the end of the program, the line may be closed in the middle of it: the next program does it.
    if (how !== 'stopped') void onLeave.lastLeft()
    reports.onChange()
  }

  /** Whose places are kept if the program ends now. */
  toRemember(): RememberedSeat[] {
    const { seats, kept } = this.#options
    const here = seats.all.filter(seat => this.#withTerminal.has(seat))
    const seatOf = (seat: Seat) => ({ person: personOf(seat), viewOnly: seat.viewOnly, wrote: seat === seats.writer })
    return [...kept.toRemember(), ...here.map(seatOf)]
  }

  /** Somebody whose seat was kept did not return in time. */
  didNotReturn({ person, wrote }: KeptSeat): void {
    const { seats, keyboard, onLeave, reports } = this.#options
    const free = wrote && !keyboard.writer ? ': the next operator who types has the console' : ''
    seats.tellAll(`${calledAs(person)} did not come back${free}`)
    void onLeave.lastLeft()
    reports.onChange()
  }

  /** The seat is kept, unless the same person is here again already. */
  #lost(seat: Seat, lost: Pick<KeptSeat, 'readUpTo' | 'wrote' | 'discardedBytes'>): void {
    this.#lostSessions.lost(personOf(seat))
    const { seats, kept, keyboard } = this.#options
    const { wrote, discardedBytes } = lost
    const again = this.#othersOf(seat).at(-1)
    if (again) {
      if (wrote) keyboard.give(again, `the earlier connection of ${calledAs(seat)} was lost: this one types now`)
      if (discardedBytes > 0) again.events.onNotice(`${discardedBytes} bytes that waited for the line were not sent`)
      return
    }
    const keptSeat = kept.keep({ person: personOf(seat), viewOnly: seat.viewOnly, ...lost })
    seats.tellAll(wrote ? describeKept(keptSeat) : `the connection of ${calledAs(seat)} was lost`)
  }

  #describeLost({ lostMs, why }: LostSession): string {
    return `your session ended at ${timeText(this.#times.of(lostMs))}: ${why}`
  }

  /** Other sessions of the same person that are of the same kind. */
  #othersOf(seat: Seat): Seat[] {
    const { seats } = this.#options
    return seats.all.filter(other => other !== seat && other.viewOnly === seat.viewOnly && isSame(other, seat))
  }

  /** Who typed when, for the history: the span and the count, no characters. */
  #noteTyped({ technician, from }: Seat, { bytes, firstMs, lastMs }: Typed): void {
    const { reports } = this.#options
    const detail = `${bytes} byte${bytes === 1 ? '' : 's'}`
    reports.onEvent({ event: 'typed', console: reports.name, technician, from, detail }, { firstMs, lastMs })
  }
}

function sessionFields(seat: Seat, size: TerminalSize | undefined): EventFields {
  const { id, from, role, viewOnly } = seat
  return { id, by: calledAs(seat), from, role: viewOnly ? 'observer' : role, size: size && sizeText(size) }
}
