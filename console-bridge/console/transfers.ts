/** Gives the line of a console to a file transfer, and takes it back. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import type { ConsoleLine } from './console-line.ts'
import { isSame } from './kept-seats.ts'
import type { Keyboard } from './keyboard.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
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
}

export class Transfers {
  readonly #options: TransfersOptions
  readonly #times: WallTimes

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
    const transfer = transferOf(by, what, this.#times.of(clock.nowMs()), events)
    const { writer, keptFor } = keyboard
    // Their own session, in another window, does not stand in the way.
    const isTheirs = writer === undefined || (!keyboard.transfer && isSame(writer, by))
    if (!isTheirs || keptFor) {
      return { kind: 'occupied', text: keyboard.describeOccupied(transfer.seat) ?? 'somebody else types' }
    }
    keyboard.lend(transfer)
    reports.log.info({ ...logged(by), what }, 'transfer begins')
    reports.recorder?.happened('transfer', 'begin', { by: calledAs(by), as: what })
    seats.tellAll(`${describeTransfer(transfer)}: until its end nothing else is sent or shown; a BREAK ends it`)
    reports.onChange()
    return transfer.seat
  }

  /** @param how how it ended, for the others */
  end(seat: Seat, how: string): void {
    const { keyboard, seats, outgoing, reports } = this.#options
    const { transfer } = keyboard
    if (transfer?.seat !== seat) return
    outgoing.discard(seat, { kind: 'left', text: 'the transfer ended' })
    keyboard.takeBack()
    reports.log.info({ ...logged(seat), how }, 'transfer ends')
    reports.recorder?.happened('transfer', 'end', { by: calledAs(seat), as: transfer.what, how })
    seats.tellAll(`the transfer of ${calledAs(seat)} (${transfer.what}) is over: ${how}`)
    seats.tellRoom()
    reports.onChange()
  }
}
