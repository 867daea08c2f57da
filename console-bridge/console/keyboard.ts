/** Who has the keyboard of a console: a session, a file transfer, nobody, or somebody who may still come back. */
import { describeKept, isSame, type KeptSeat, type KeptSeats } from './kept-seats.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Reports } from './reports.ts'
import { refusalOf } from './right.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'
import { describeTransfer, type Transfer } from './transfer-seat.ts'

interface KeyboardOptions {
  seats: Seats
  kept: KeptSeats
  outgoing: Outgoing
  reports: Reports
}

export class Keyboard {
  readonly #seats: Seats
  readonly #kept: KeptSeats
  readonly #outgoing: Outgoing
  readonly #reports: Reports
  #transfer: Transfer | undefined

  constructor({ seats, kept, outgoing, reports }: KeyboardOptions) {
    this.#seats = seats
    this.#kept = kept
    this.#outgoing = outgoing
    this.#reports = reports
  }

  /** Undefined while nobody types. */
  get writer(): Seat | undefined {
    return this.#transfer?.seat ?? this.#seats.writer
  }

  /** For whom the keyboard is kept, whose connection was lost. */
  get keptFor(): KeptSeat | undefined {
    return this.writer ? undefined : this.#kept.writer
  }

  /** The file transfer that has the line to itself. */
  get transfer(): Transfer | undefined {
    return this.#transfer
  }

  /** Who transfers a file, as a sentence; undefined when nobody does. */
  get transferring(): string | undefined {
    return this.#transfer && `${describeTransfer(this.#transfer)}; a BREAK ends it`
  }

  /** Who has the keyboard, as a sentence for somebody who does not; undefined when it is free. */
  describeOccupied(seat: Seat | Person): string | undefined {
    const { writer, keptFor } = this
    if (this.transferring !== undefined && writer !== seat) return this.transferring
    if (writer) return writer === seat ? undefined : `${calledAs(writer)} types`
    return keptFor && !isSame(keptFor.person, seat) ? describeKept(keptFor) : undefined
  }

  /** This seat types from now on. */
  give(seat: Seat, announcement: string): void {
    const before = this.writer
    this.#kept.takeKeyboard(seat)
    this.#seats.give(seat, announcement)
    const from = before && { from: calledAs(before), from_id: before.id }
    const { log, recorder, onChange } = this.#reports
    recorder?.happened('keyboard', before ? 'taken' : 'free', { id: seat.id, by: calledAs(seat), ...from })
    log.info(logged(seat), 'writer changed')
    onChange()
  }

  /** This seat no longer types; the next operator who types does. */
  giveUp(seat: Seat, why: string): void {
    if (this.writer !== seat) return
    this.#seats.free(`${calledAs(seat)} no longer types${why}: the next operator who types has the console`)
    this.#reports.recorder?.happened('keyboard', 'released', { id: seat.id, by: calledAs(seat) })
    this.#reports.onChange()
  }

  /** Gives typing to this seat if nobody has it. @returns why not; undefined when it types now */
  takeFree(seat: Seat): string | undefined {
    return this.describeOccupied(seat) ?? this.takeOver(seat)
  }

  /**
   * Gives typing to this seat, whoever had it.
   * @returns why not; undefined when it types now
   */
  takeOver(seat: Seat): string | undefined {
    const refusal = refusalOf(seat)
    const before = this.writer
    if (refusal !== undefined || before === seat) return refusal
    if (this.transferring !== undefined) return this.transferring
    const loss: Loss = { kind: 'taken-over', text: `${calledAs(seat)} took over typing` }
    const discarded = before ? this.#outgoing.discardWithHeld(before, loss) : 0
    const lost = discarded > 0 ? `; ${discarded} waiting bytes were discarded` : ''
    const from = before ?? this.keptFor?.person
    this.give(seat, `${calledAs(seat)} took over typing${from ? ` from ${calledAs(from)}` : ''}${lost}`)
    before?.events.onRoom()
    return undefined
  }

  /** Only the transfer types, until {@link takeBack}. */
  lend(transfer: Transfer): void {
    this.#transfer = transfer
  }

  /** The transfer is over: whoever typed before does again. */
  takeBack(): void {
    this.#transfer = undefined
  }
}
