/** The line of a console as it is now: open or closed, held or not; and what comes between the input of people. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Line } from '../line/line.ts'
import { describeHold, describeRelease } from '../line/settings.ts'
import { FlowHold, type Holder } from './flow-hold.ts'
import type { Interruption } from './interruptions.ts'
import type { LineControl } from './line-control.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Reports } from './reports.ts'
import { refusalOf } from './right.ts'
import type { Hold, LineState, ReleaseAnswer, Seat } from './seat.ts'
import type { Seats } from './seats.ts'

interface ConsoleLineOptions {
  clock: Clock
  control: LineControl
  seats: Seats
  outgoing: Outgoing
  reports: Reports
}

export class ConsoleLine {
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #control: LineControl
  readonly #seats: Seats
  readonly #outgoing: Outgoing
  readonly #reports: Reports
  readonly #hold: FlowHold
  #line: Line | undefined
  /** Its `since` is in milliseconds of the monotonic clock. */
  #state: LineState

  constructor({ clock, control, seats, outgoing, reports }: ConsoleLineOptions) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
    this.#control = control
    this.#seats = seats
    this.#outgoing = outgoing
    this.#reports = reports
    this.#hold = new FlowHold(clock, () => describeHold(control.settings))
    this.#state = { open: false, cause: 'it is being opened', since: clock.nowMs() }
  }

  /** Undefined while it is closed. */
  get current(): Line | undefined {
    return this.#line
  }

  get state(): LineState {
    return { ...this.#state, since: this.#times.of(this.#state.since) }
  }

  /** As a sentence; undefined while it is open. */
  get whyClosed(): string | undefined {
    return this.#state.open ? undefined : `the line is closed: ${this.#state.cause}`
  }

  /** Undefined while nothing holds the line. */
  get hold(): Hold | undefined {
    return this.#hold.now
  }

  opened(line: Line): void {
    this.#line = line
    void this.#control.opened(line).then(cause => cause !== undefined && this.#seats.tellAll(cause))
    this.#outgoing.useLine(line, { kind: 'closed', text: 'the line was closed' })
    this.#state = { open: true, since: this.#clock.nowMs() }
    const { log, recorder, onChange } = this.#reports
    log.info('line open')
    recorder?.happened('line', 'open', { settings: this.#control.shown })
    this.#seats.tellAll('the line is open')
    onChange()
  }

  /** Also called at each failed attempt to open. @param stop ends what goes on at the line, when this is a change */
  closed(cause: string, stop: (why: Loss) => void): void {
    const before = this.#state
    const text = `the line is closed: ${cause}`
    this.#line = undefined
    this.#control.closed()
    this.#outgoing.useLine(undefined, { kind: 'closed', text })
    this.held('line', false)
    if (!before.open && before.cause === cause) return
    this.#state = { open: false, cause, since: before.open ? this.#clock.nowMs() : before.since }
    const { log, recorder, onChange } = this.#reports
    log.warn({ cause }, 'line closed')
    recorder?.happened('line', 'closed', { cause })
    this.#seats.tellAll(`${text}; it is reopened as soon as possible, and nothing is sent until then`)
    stop({ kind: 'closed', text })
    this.#seats.tellRoom()
    onChange()
  }

  /** Flow control holds the line, or no longer. */
  held(by: Holder, isHeld: boolean): void {
    if (!this.#hold.tell(by, isHeld)) return
    const { now } = this.#hold
    this.#reports.log.info({ held: now !== undefined }, 'flow control')
    this.#seats.tellAll(now ? `flow control holds the line: ${now.cause}; input waits` : 'the line is free again')
    this.#reports.onChange()
  }

  /** Releases the line where flow control holds it, and tells everyone. */
  async release(by: Person | Seat): Promise<ReleaseAnswer> {
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { released: false, refused: true, cause: refusal }
    try {
      if (!this.#line) throw new Error(this.whyClosed ?? 'the line is closed')
      await this.#line.release()
    } catch (err) {
      return { released: false, refused: false, cause: `flow control was not released: ${errorMessage(err)}` }
    }
    this.#reports.log.info(logged(by), 'flow control released')
    this.#seats.tellAll(`${calledAs(by)} released flow control${describeRelease(this.#control.settings)}`)
    return { released: true }
  }

  /**
   * Does something to the line that nothing typed comes into, such as a change of its speed. What the line does not take
   * before is discarded by `loss`.
   * @param onNext a BREAK or another change waits, so end this one
   */
  async interrupt(
    loss: Loss,
    signal: AbortSignal,
    work: (line: Line) => Promise<unknown>,
    onNext?: () => void,
  ): Promise<Interruption> {
    const { whyClosed } = this
    if (whyClosed !== undefined) return { done: false, cause: whyClosed }
    const outcome = await this.#outgoing.interruptions.interrupt(signal, loss, work, onNext)
    this.#seats.tellRoom()
    return outcome
  }

  /** The settings of the line are others now. @param by undefined where nobody changed them now */
  settingsChanged(what: string, by: Person | undefined): void {
    const { log, recorder, onChange } = this.#reports
    log.info({ ...(by && logged(by)), settings: what }, 'line settings changed')
    recorder?.happened('line', 'set', { settings: what, by: by && calledAs(by) })
    onChange()
  }
}
