/** A target may still be logged in when its last operator has left: warns who comes, and does what `on_leave` says. */
import type { ConsoleConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import { UserError } from '../../runtime/errors.ts'
import type { Line } from '../line/line.ts'
import type { ConsoleLine } from './console-line.ts'
import type { KeptSeats } from './kept-seats.ts'
import type { Keyboard } from './keyboard.ts'
import { LastTyped } from './last-typed.ts'
import type { Outgoing } from './outgoing.ts'
import type { Person } from './person.ts'
import type { Remembered } from './remembered.ts'
import type { Reports } from './reports.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'

/** Milliseconds for which DTR falls: as long as pppd(8) hangs up a modem. Equipment takes a tenth of it for a hang-up. */
export const DTR_DROP_MS = 1_000
/** The queue itself gives up what a held line does not take. */
const NEVER = new AbortController().signal

interface OnLeaveOptions {
  setting: ConsoleConfig['onLeave']
  clock: Clock
  line: ConsoleLine
  keyboard: Keyboard
  seats: Seats
  kept: KeptSeats
  outgoing: Outgoing
  reports: Reports
}

/** Owns in the queue what it sends. */
export class OnLeave {
  readonly #options: OnLeaveOptions
  readonly #lastTyped: LastTyped
  /** Why the line that is open cannot do what the setting says. */
  #problem: string | undefined
  /** From before a restart, somebody is known who typed last. */
  #isOwed = false

  constructor(options: OnLeaveOptions) {
    this.#options = options
    this.#lastTyped = new LastTyped(options.clock)
  }

  /** A line was opened: perhaps it has no DTR. */
  async opened(line: Line): Promise<void> {
    await this.#findProblem(line)
    // Somebody left at the end of the program before this one.
    if (this.#isOwed) void this.lastLeft()
    this.#isOwed = false
  }

  async #findProblem(line: Line): Promise<void> {
    const { setting, reports } = this.#options
    if (setting !== 'dtr-drop') return
    const hasModemLines = (await line.modemLines().catch(() => undefined)) !== undefined
    this.#problem = hasModemLines ? undefined : 'on_leave = "dtr-drop" does nothing here: this line has no modem lines'
    if (this.#problem !== undefined) reports.log.warn({ cause: this.#problem }, 'on_leave has no effect')
  }

  /** What this person typed was sent. */
  typed(person: Person): void {
    if (this.#lastTyped.typed(person)) this.#options.reports.onChange()
  }

  /** From before a restart. */
  restore(last: Remembered['lastTyped']): void {
    this.#lastTyped.restore(last)
    this.#isOwed = this.#lastTyped.isKnown
  }

  toRemember(): Remembered['lastTyped'] {
    return this.#lastTyped.toRemember()
  }

  /** What somebody who comes should know of who was here before, and of what will happen when they leave. */
  warningsFor(seat: Seat): string[] {
    const { setting, seats, kept } = this.#options
    if (setting === 'none') return []
    const warning = this.#lastTyped.warning(seat, [...seats.all.filter(other => other !== seat), ...kept.people])
    const problem = seat.mayType ? this.#problem : undefined
    return [warning, problem].filter(text => text !== undefined)
  }

  /** When the last operator has left, and no place is kept, does what the setting says, if anything was typed before. */
  async lastLeft(): Promise<void> {
    const { setting, line, keyboard, seats, kept } = this.#options
    // It is done when the transfer is over.
    if (keyboard.transfer) return
    if (setting === 'none' || setting === 'warn' || !this.#lastTyped.isKnown || !line.state.open) return
    if (kept.people.length > 0 || seats.all.some(({ mayType }) => mayType)) return
    await (setting === 'dtr-drop' ? this.#dropDtr() : this.#send(setting.send))
  }

  /** Also for the next start of the program: it would do it again. */
  #forget(): void {
    this.#lastTyped.forget()
    this.#options.reports.onChange()
  }

  async #send(text: string): Promise<void> {
    const { seats, outgoing, reports } = this.#options
    this.#forget()
    // In one piece: what somebody types from now on comes after it.
    outgoing.push(this, Buffer.from(text))
    seats.tellAll('the last operator left: what on_leave says is sent to the target')
    reports.recorder?.happened('note', 'on_leave', { bytes: text.length })
    reports.log.info('on_leave sent')
    if (await outgoing.sent(this, NEVER)) return
    outgoing.discard(this, { kind: 'held', text: 'flow control holds the line' })
    reports.log.warn('on_leave not sent: flow control holds the line')
  }

  /** Nothing typed goes out meanwhile. Whoever typed last is forgotten only where the target could notice. */
  async #dropDtr(): Promise<void> {
    const { clock, line, seats, reports } = this.#options
    const outcome = await line.interrupt({ kind: 'settings', text: 'DTR fell' }, NEVER, async open => {
      if (!open.outputs.dtr) throw new UserError('somebody set it to off')
      await open.setModemLines({ dtr: false })
      seats.tellAll(`the last operator left: DTR falls for ${DTR_DROP_MS / 1_000} s`)
      await clock.sleep(DTR_DROP_MS, NEVER)
      await open.setModemLines({ dtr: true })
      this.#forget()
    })
    if (outcome.done) {
      reports.recorder?.happened('note', 'on_leave', { dtr_ms: DTR_DROP_MS })
      reports.log.info('on_leave: DTR fell and rose')
      return
    }
    const { cause } = outcome
    seats.tellAll(`the last operator left, and DTR did not fall and rise: ${cause}`)
    reports.recorder?.happened('note', 'on_leave failed', { cause })
    reports.log.warn({ cause }, 'on_leave: DTR did not fall and rise')
  }
}
