/** Sends the BREAKs of a console: a few may wait, and everybody is told. */
import type { Clock } from '../../runtime/clock.ts'
import type { HeldBreak } from '../line/break-line.ts'
import { breakFor } from './break.ts'
import { PLAIN_BREAK } from './break-sequence.ts'
import type { ConsoleLine } from './console-line.ts'
import type { Keyboard } from './keyboard.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Reports } from './reports.ts'
import { refusalOf } from './right.ts'
import type { BreakAnswer, Seat } from './seat.ts'
import type { Seats } from './seats.ts'

/** BREAKs that may wait: more come from a key that is held down. */
const WAITING_BOUND = 3

interface BreaksOptions {
  clock: Clock
  line: ConsoleLine
  keyboard: Keyboard
  seats: Seats
  outgoing: Outgoing
  reports: Reports
  /** A BREAK of this person begins: what the target says from now on may come of it. */
  onBegin(technician: string): void
}

export class Breaks {
  readonly #options: BreaksOptions
  #waiting = 0

  constructor(options: BreaksOptions) {
    this.#options = options
  }

  /**
   * Sends a BREAK, if this person or seat may, and tells everyone.
   * @param by for a seat, only the input of the others is dropped: what this one types now it typed after the BREAK
   * @param asked milliseconds, or until it is ended; see {@link breakFor}
   * @param signal the end of the program, not of the session: a lost connection does not cut a BREAK short
   */
  send(
    by: Person | Seat,
    asked: number | HeldBreak | undefined,
    signal: AbortSignal,
    sequence = PLAIN_BREAK,
  ): Promise<BreakAnswer> {
    return this.#send(by, signal, () => this.#sendNow(by, asked, signal, sequence))
  }

  /** Sends one of many, of which who sends them tells everyone: a BREAK of the usual length. */
  sendUntold(by: Person | Seat, signal: AbortSignal): Promise<BreakAnswer> {
    return this.#send(by, signal, async () => {
      const { outcome } = await this.#break(by, undefined, signal, PLAIN_BREAK)
      return outcome.done ? { sent: true } : noBreak(outcome.cause)
    })
  }

  /** So many of them were sent, for the history. */
  noteUntold(by: Person | Seat, count: number): void {
    const { reports } = this.#options
    const length = breakFor(undefined, this.#options.clock).describe()
    reports.log.info({ ...logged(by), length, count }, 'breaks sent')
    reports.recorder?.happened('break', 'sent', { by: calledAs(by), ms: Number.parseInt(length, 10), times: count })
    const { technician, from } = by
    const detail = `${length}, ${count} times`
    reports.onEvent({ event: 'break', console: reports.name, technician, from, detail })
  }

  async #send(by: Person | Seat, signal: AbortSignal, work: () => Promise<BreakAnswer>): Promise<BreakAnswer> {
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { sent: false, refused: true, cause: refusal }
    const { whyClosed } = this.#options.line
    if (whyClosed !== undefined) return noBreak(whyClosed)
    if (this.#waiting >= WAITING_BOUND) return noBreak(`${this.#waiting} BREAKs are already waiting`)
    this.#waiting++
    try {
      return signal.aborted ? noBreak('the console bridge is stopping') : await work()
    } finally {
      this.#waiting--
    }
  }

  async #sendNow(
    by: Person | Seat,
    asked: number | HeldBreak | undefined,
    signal: AbortSignal,
    sequence: typeof PLAIN_BREAK,
  ): Promise<BreakAnswer> {
    const { seats, reports } = this.#options
    const { outcome, describe } = await this.#break(by, asked, signal, sequence)
    const length = sequence.isBreak ? describe() : 'no BREAK'
    reports.log.info({ ...logged(by), length, ...outcome }, outcome.done ? 'break sent' : 'break failed')
    const cause = outcome.done ? undefined : outcome.cause
    reports.recorder?.happened('break', outcome.done ? 'sent' : 'failed', {
      by: calledAs(by),
      ms: sequence.isBreak ? Number.parseInt(length, 10) : undefined,
      as: sequence === PLAIN_BREAK ? undefined : sequence.what,
      cause,
    })
    const { technician, from } = by
    const sent = sequence === PLAIN_BREAK ? length : `${sequence.what}, ${length}`
    const detail = outcome.done ? sent : `not sent: ${outcome.cause}`
    reports.onEvent({ event: 'break', console: reports.name, technician, from, detail })
    seats.tellRoom()
    if (!outcome.done) return noBreak(outcome.cause)
    const count = outcome.discardedBytes > 0 ? ` (${outcome.discardedBytes} bytes or more)` : ''
    const lost = outcome.drained ? '' : `; what the target had not taken was discarded${count}`
    seats.tellAll(`${calledAs(by)} sent ${sequence.what}${sequence.isBreak ? `, ${length}` : ''}${lost}`)
    return { sent: true }
  }

  async #break(
    by: Person | Seat,
    asked: number | HeldBreak | undefined,
    signal: AbortSignal,
    sequence: typeof PLAIN_BREAK,
  ) {
    const { clock, keyboard, seats, outgoing, onBegin } = this.#options
    const { lengthMs, held, describe } = breakFor(asked, clock)
    const loss: Loss = { kind: 'break', text: `${calledAs(by)} sent ${sequence.what}` }
    keyboard.transfer?.stop(loss)
    for (const seat of seats.all) if (seat !== by) seat.events.onOthersBreak(loss)
    onBegin(by.technician)
    return { outcome: await outgoing.interruptions.sendBreak(lengthMs, signal, loss, held, sequence), describe }
  }
}

function noBreak(cause: string): BreakAnswer {
  return { sent: false, refused: false, cause: `no BREAK was sent: ${cause}` }
}
