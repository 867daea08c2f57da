/** Gives the line of a console to a file transfer, and takes it back. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import type { ConsoleLine } from './console-line.ts'
import { isSame } from './kept-seats.ts'
import type { Keyboard } from './keyboard.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Remembered } from './remembered.ts'
import type { Reports } from './reports.ts'
import { refusalOf } from './right.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'
import { describeTransfer, type TransferEvents, transferOf } from './transfer-seat.ts'

interface TransfersOptions {
  clock: Clock
  line: ConsoleLine
  keyboard: Keyboard
  seats: Seats
  outgoing: Outgoing
  reports: Reports
  /** One is over: what waited for its end may be done. */
  onOver(): void
}

export class Transfers {
  readonly #options: TransfersOptions
  readonly #times: WallTimes
  #beganAtMs = 0

  constructor(options: TransfersOptions) {
    this.#options = options
    this.#times = new WallTimes(options.clock)
  }

  /** Gives the line to a file transfer, until {@link end}. @returns its seat, or why not */
  begin(by: Person, what: string, events: TransferEvents): Seat | Loss {
    const { clock, line, keyboard, seats, reports } = this.#options
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { kind: 'observer', text: refusal }
    if (line.whyClosed !== undefined) return { kind: 'closed', text: line.whyClosed }
    const id = seats.nextId()
    const transfer = transferOf({ ...by, id }, what, this.#times.of(clock.nowMs()), events)
    const { writer, keptFor } = keyboard
    // Their own session, in another window, does not stand in the way.
    const isTheirs = writer === undefined || (!keyboard.transfer && isSame(writer, by))
    if (!isTheirs || keptFor) {
      return { kind: 'occupied', text: keyboard.describeOccupied(transfer.seat) ?? 'somebody else types' }
    }
    keyboard.lend(transfer)
    this.#beganAtMs = clock.nowMs()
    reports.log.info({ ...logged(by), what }, 'transfer begins')
    seats.tellAll(`${describeTransfer(transfer)}; nothing else is sent or shown`)
    reports.onChange()
    return transfer.seat
  }

  toRemember(): Remembered['transfer'] {
    const { transfer } = this.#options.keyboard
    return transfer && { by: calledAs(transfer.seat), what: transfer.what }
  }

  /** One was going on when the program before this one was killed: its only record is written now. */
  restore(cut: Remembered['transfer']): void {
    if (!cut) return
    const { log, recorder } = this.#options.reports
    log.warn(cut, 'transfer was cut off: the bridge was killed')
    recorder?.happened('transfer', 'end', { by: cut.by, as: cut.what, how: 'cut off: the console bridge was killed' })
  }

  /** Shows everybody at the console how far it is. */
  progress(seat: Seat, text: string): void {
    const { keyboard, seats } = this.#options
    const { transfer } = keyboard
    if (transfer?.seat !== seat) return
    const [protocol, direction] = transfer.what.split(' ')
    for (const one of seats.all) one.events.onProgress?.(`${protocol} ${direction}: ${text}`)
  }

  /** Ends the transfer that is going on, whoever began it: any operator may, as with typing. @returns why not */
  stop(by: Person | Seat): string | undefined {
    const { transfer } = this.#options.keyboard
    const refusal = refusalOf(by)
    if (refusal !== undefined || !transfer) return refusal ?? 'no file transfer is going on'
    transfer.stop({ kind: 'stopped', text: `${calledAs(by)} stopped it` })
    return undefined
  }

  /** Takes the line back. @param how as a sentence @param bytes of the file that went over the line */
  end(seat: Seat, how: string, bytes: number): void {
    const { clock, keyboard, seats, outgoing, reports, onOver } = this.#options
    const { transfer } = keyboard
    if (transfer?.seat !== seat) return
    outgoing.discard(seat, { kind: 'left', text: 'the transfer ended' })
    keyboard.takeBack()
    const seconds = Math.round((clock.nowMs() - this.#beganAtMs) / 1_000)
    reports.log.info({ ...logged(seat), how, bytes, seconds }, 'transfer ends')
    reports.recorder?.happened('transfer', 'end', { by: calledAs(seat), as: transfer.what, bytes, seconds, how })
    seats.tellAll(`the transfer of ${calledAs(seat)} (${transfer.what}) is over: ${how}`)
    seats.tellRoom()
    onOver()
    reports.onChange()
  }
}
