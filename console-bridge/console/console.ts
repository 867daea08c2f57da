/** One console: the output of its line goes to everyone who watches, and one of them may type. */

import type { ConsoleConfig } from '../../formats/device-config.ts'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { NewEvent, Span } from '../events.ts'
import type { HeldBreak } from '../line/break-line.ts'
import type { Line } from '../line/line.ts'
import { byteMs, describeHold, describeRelease, describeSettings, heldAfterMs } from '../line/settings.ts'
import { breakFor } from './break.ts'
import { PLAIN_BREAK } from './break-sequence.ts'
import { FlowHold, type Holder } from './flow-hold.ts'
import { describeKept, isSame, type KeptSeat, KeptSeats } from './kept-seats.ts'
import { LastTyped } from './last-typed.ts'
import { LineControl, type LineControlOptions } from './line-control.ts'
import type { Loss } from './loss.ts'
import { describeNote, type Note, type NotePlace, noteInMemory } from './note.ts'
import { type Interruption, Outgoing } from './outgoing.ts'
import { Pacer } from './pacer.ts'
import type { Pacing } from './pacing.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { EventFields, Recorder } from './recorder.ts'
import { refusalOf } from './right.ts'
import { Scrollback } from './scrollback.ts'
import type { BreakAnswer, Hold, HowEnded, LineState, ReleaseAnswer, Seat, SeatEvents, TypeOutcome } from './seat.ts'
import { Seats } from './seats.ts'
import { sizeText, type TerminalSize } from './terminal-size.ts'
import { describeTransfer, type Transfer, type TransferEvents, transferOf } from './transfer-seat.ts'
import { type Typed, TypedCounts } from './typed-counts.ts'

/**
 * Bytes of one session that may wait for the line. At this bound the session is no longer read, and the SSH window
 * fills.
 */
export const TYPED_BOUND_BYTES = 65_536
/** The same for a paced paste: it takes long, and the escape key that stops it must be read. */
export const PASTE_BOUND_BYTES = 1_048_576
/** Bytes between the queue here and the wire; a line that takes nothing for longer than they need is held. */
const IN_HAND_BYTES = 512
/** The queue itself gives up what a held line does not take. */
const NEVER = new AbortController().signal
/** BREAKs that may wait: more come from a key that is held down. */
const BREAKS_BOUND = 3

export interface ConsoleOptions {
  config: ConsoleConfig
  scrollbackBytes: number
  clock: Clock
  log: Logger
  /** Something changed that the status shows; not called for its counters. */
  onChange?(): void
  /** Where its note is kept. */
  notePlace?: NotePlace
  /** Keeps a record of the output and the events; without it, nothing is recorded. */
  recorderOf?(scrollback: Scrollback): Recorder | undefined
  /** What was kept of the settings of the line, and how more is kept. */
  settings?: Omit<LineControlOptions, 'configured'>
  /** The last session left. */
  onEmpty?(console: Console): void
  /** Gets what belongs in the history. */
  onEvent?(event: NewEvent, span?: Span): void
}

export class Console {
  readonly config: ConsoleConfig
  readonly scrollback: Scrollback
  /** The settings of the line. */
  readonly control: LineControl
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #onEvent: (event: NewEvent, span?: Span) => void
  readonly #log: Logger
  readonly #onChange: () => void
  readonly #onEmpty: () => void
  readonly #notePlace: NotePlace
  readonly #recorder: Recorder | undefined
  readonly #outgoing: Outgoing
  readonly #typed = new TypedCounts()
  #line: Line | undefined
  readonly #seats: Seats
  readonly #kept: KeptSeats
  readonly #lastTyped: LastTyped
  /** Owns in the queue what is sent when the last operator has left. */
  readonly #farewell = {}
  /** All instants in here, its `since` too, are milliseconds of the monotonic clock. */
  #state: LineState
  #breaks = 0
  #transfer: Transfer | undefined
  readonly #hold: FlowHold
  #lastOutputMs: number | null = null
  #bytesIn = 0
  #bytesOut = 0

  constructor(options: ConsoleOptions) {
    const { config, scrollbackBytes, clock, log, onChange = () => {}, onEvent = () => {}, recorderOf } = options
    this.#notePlace = options.notePlace ?? noteInMemory()
    this.config = config
    this.scrollback = new Scrollback(scrollbackBytes)
    this.#recorder = recorderOf?.(this.scrollback)
    this.#clock = clock
    this.#log = log
    this.#onChange = onChange
    this.#onEmpty = () => options.onEmpty?.(this)
    this.#onEvent = onEvent
    this.control = new LineControl({ configured: config, ...options.settings })
    this.#seats = new Seats(clock)
    this.#lastTyped = new LastTyped(clock)
    this.#kept = new KeptSeats(clock, kept => {
      const free = kept.wrote && !this.writer ? ': the next operator who types has the console' : ''
      this.tellAll(`${calledAs(kept.person)} did not come back${free}`)
      void this.#sendFarewell()
      this.#onChange()
    })
    this.#times = new WallTimes(clock)
    this.#hold = new FlowHold(clock, () => describeHold(this.control.settings))
    this.#state = { open: false, cause: 'it is being opened', since: clock.nowMs() }
    this.#outgoing = new Outgoing({
      clock,
      heldMs: () => heldAfterMs(this.control.settings, IN_HAND_BYTES),
      events: {
        onSent: (owner, bytes) => {
          this.#bytesOut += bytes
          if (owner === this.#farewell) return
          this.#typed.sent(owner as Seat, bytes, clock.nowMs())
          this.#lastTyped.typed(owner as Seat)
          ;(owner as Seat).events.onSent(bytes)
        },
        onLost: (owner, bytes, loss) => owner !== this.#farewell && (owner as Seat).events.onLost(bytes, loss),
        onRoom: owner => owner !== this.#farewell && (owner as Seat).events.onRoom(),
        onHeld: held => this.#held('queue', held),
      },
    })
  }

  get name(): string {
    return this.config.name
  }

  get state(): LineState {
    return { ...this.#state, since: this.#times.of(this.#state.since) }
  }

  /** Undefined while it is closed. */
  get line(): Line | undefined {
    return this.#line
  }

  /** Undefined while nothing holds the line. */
  get hold(): Hold | undefined {
    return this.#hold.now
  }

  get seats(): readonly Seat[] {
    return this.#seats.all
  }

  get writer(): Seat | undefined {
    return this.#transfer?.seat ?? this.#seats.writer
  }

  get counters(): { lastOutputAt: number | null; bytesIn: number; bytesOut: number } {
    const lastOutputAt = this.#lastOutputMs === null ? null : this.#times.of(this.#lastOutputMs)
    return { lastOutputAt, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut }
  }

  lineOpened(line: Line): void {
    this.#line = line
    void this.control.opened(line).then(cause => cause !== undefined && this.announce(cause))
    this.#outgoing.useLine(line, { kind: 'closed', text: 'the line was closed' })
    this.#state = { open: true, since: this.#clock.nowMs() }
    this.#log.info('line open')
    this.#recorder?.happened('line', 'open', { settings: describeSettings(this.control.settings) })
    this.#seats.tellAll('the line is open')
    this.#onChange()
  }

  /** Also called at each failed attempt to open; only a change is announced. */
  lineClosed(cause: string): void {
    const before = this.#state
    this.#line = undefined
    this.control.closed()
    this.#outgoing.useLine(undefined, { kind: 'closed', text: `the line is closed: ${cause}` })
    this.#held('line', false)
    if (!before.open && before.cause === cause) return
    this.#state = { open: false, cause, since: before.open ? this.#clock.nowMs() : before.since }
    this.#log.warn({ cause }, 'line closed')
    this.#recorder?.happened('line', 'closed', { cause })
    this.#seats.tellAll(
      `the line is closed: ${cause}; it is reopened as soon as possible, and nothing is sent until then`,
    )
    this.#transfer?.stop({ kind: 'closed', text: `the line is closed: ${cause}` })
    for (const seat of this.seats) seat.events.onRoom()
    this.#onChange()
  }

  /** The line itself reports whether flow control holds it. */
  lineHeld(held: boolean): void {
    this.#held('line', held)
  }

  received(bytes: Buffer): void {
    this.#bytesIn += bytes.length
    this.#lastOutputMs = this.#clock.nowMs()
    if (this.#transfer) {
      this.#transfer.received(bytes)
      return
    }
    this.#outgoing.heard(bytes)
    this.scrollback.append(bytes)
    this.#recorder?.received()
    for (const seat of this.seats) seat.events.onOutput()
  }

  /**
   * Takes a seat; the first one that may type does.
   * @param size of the terminal, if it has one
   */
  attach(person: Person, viewOnly: boolean, events: SeatEvents, size?: TerminalSize): Seat {
    // A program is no session that comes back.
    const back = person.port === undefined ? this.#kept.takeBack(person, viewOnly) : undefined
    const reserved = this.#kept.writer
    const isReserved = reserved !== undefined && !isSame(reserved.person, person)
    const seat = this.#seats.join(person, viewOnly, events, back, isReserved)
    if (this.writer === seat) this.#kept.takeKeyboard(seat)
    for (const other of this.#sessionsOf(seat)) other.events.onSamePerson?.()
    this.#log.info({ ...logged(seat), writes: this.writer === seat }, 'session joined')
    this.#recorder?.happened('session', 'begin', sessionFields(seat, size))
    this.#onChange()
    return seat
  }

  /** The terminal of this seat has another size now. */
  resized(seat: Seat, size: TerminalSize): void {
    this.#recorder?.happened('session', 'size', { id: seat.id, size: sizeText(size) })
  }

  /**
   * Leaves the seat. What it typed and was not sent is discarded.
   * @param readUpTo for a lost connection: the position up to which its terminal certainly showed the output
   */
  leave(seat: Seat, how: HowEnded = 'left', readUpTo?: number): void {
    const wrote = this.writer === seat
    if (!this.#seats.leave(seat, readUpTo !== undefined)) return
    const discardedBytes = this.#outgoing.discard(seat, { kind: 'left', text: 'the session ended' })
    const again = readUpTo === undefined ? undefined : this.#sessionsOf(seat).at(-1)
    if (again) {
      if (wrote) this.#give(again, `the earlier connection of ${calledAs(seat)} was lost: this one types now`)
      if (discardedBytes > 0) again.events.onNotice(`${discardedBytes} bytes that waited for the line were not sent`)
    } else if (readUpTo !== undefined) {
      const { via, technician, role, from, viewOnly } = seat
      const person: Person = { technician, role, from, ...(via && { via }) }
      const kept = this.#kept.keep({ person, viewOnly, readUpTo, discardedBytes, wrote })
      this.tellAll(wrote ? describeKept(kept) : `the connection of ${calledAs(seat)} was lost`)
    }
    this.#log.info(logged(seat), readUpTo === undefined ? 'session left' : 'session lost')
    const typed = this.#typed.of(seat)
    this.#recorder?.happened('session', 'end', { id: seat.id, by: calledAs(seat), how, typed: typed?.bytes ?? 0 })
    if (typed) this.#noteTyped(seat, typed)
    if (this.seats.length === 0) this.#onEmpty()
    void this.#sendFarewell()
    this.#onChange()
  }

  /** What somebody who comes should know of who was here before. */
  warningFor(seat: Seat): string | undefined {
    if (this.config.onLeave === 'none') return undefined
    return this.#lastTyped.warning(seat, [...this.seats.filter(other => other !== seat), ...this.#kept.people])
  }

  /** When the last operator has left, and no place is kept, sends what the setting says, if anything was typed before. */
  async #sendFarewell(): Promise<void> {
    const { onLeave } = this.config
    if (typeof onLeave === 'string' || !this.#lastTyped.isKnown || !this.#state.open) return
    if (this.#kept.people.length > 0 || this.seats.some(({ mayType }) => mayType)) return
    this.#lastTyped.forget()
    // In one piece: what somebody types from now on comes after it.
    this.#outgoing.push(this.#farewell, Buffer.from(onLeave.send))
    this.tellAll('the last operator left: what on_leave says is sent to the target')
    this.#recorder?.happened('note', 'on_leave', { bytes: onLeave.send.length })
    this.#log.info('on_leave sent')
    if (await this.#outgoing.sent(this.#farewell, NEVER)) return
    this.#outgoing.discard(this.#farewell, { kind: 'held', text: 'flow control holds the line' })
    this.#log.warn('on_leave not sent: flow control holds the line')
  }

  /** This seat no longer types; the next operator who types does. */
  giveUp(seat: Seat, why: string): void {
    if (this.writer !== seat) return
    this.#seats.free(`${calledAs(seat)} no longer types${why}: the next operator who types has the console`)
    this.#recorder?.happened('keyboard', 'released', { id: seat.id, by: calledAs(seat) })
    this.#onChange()
  }

  /** Other sessions of the same person that are of the same kind. */
  #sessionsOf(seat: Seat): Seat[] {
    return this.seats.filter(other => other !== seat && other.viewOnly === seat.viewOnly && isSame(other, seat))
  }

  /** For whom the keyboard is kept, whose connection was lost. */
  get keptFor(): KeptSeat | undefined {
    return this.writer ? undefined : this.#kept.writer
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

  get note(): Note | undefined {
    return this.#notePlace.now
  }

  /** Writes the note, or takes it off, and tells everyone. @returns why it could not be written */
  async putNote(by: Person, text: string | undefined): Promise<string | undefined> {
    const note = text === undefined ? undefined : { text, by: calledAs(by), at: this.#clock.wallMs() }
    try {
      await this.#notePlace.put(note)
    } catch (err) {
      return errorMessage(err)
    }
    this.#log.info({ ...logged(by), note: text !== undefined }, 'note changed')
    this.tellAll(note ? describeNote(note) : `${calledAs(by)} took the note off`)
    this.#recorder?.happened('note', note ? 'on' : 'off', { by: calledAs(by), text })
    this.#onChange()
    return undefined
  }

  /** Shows one line to everybody at the console. */
  tellAll(text: string, except?: Seat): void {
    this.#seats.tellAll(text, except)
  }

  /** Ends the sessions of everybody who is not on the device itself. */
  async dismiss(text: string): Promise<void> {
    const others = this.seats.filter(({ via }) => via !== 'shell')
    if (this.#transfer && this.#transfer.seat.via !== 'shell') this.#transfer.stop({ kind: 'left', text })
    await Promise.all(others.map(({ events }) => events.onDismissed(text)))
  }

  /**
   * Sends what was typed, if this seat may; when nobody types, it does from now on. `full`: taken, but wait for room.
   * @param pacer of a paste that is not sent at once
   */
  type(seat: Seat, bytes: Buffer, pacer?: Pacer): TypeOutcome {
    if (refusalOf(seat) !== undefined) return 'observer'
    if (this.describeOccupied(seat) !== undefined) return 'occupied'
    if (!this.#state.open) return 'closed'
    if (this.writer === undefined) this.#give(seat, `${calledAs(seat)} types now`)
    this.#outgoing.push(seat, bytes, pacer)
    const boundBytes = pacer ? PASTE_BOUND_BYTES : TYPED_BOUND_BYTES
    return this.waitingBytes(seat) < boundBytes ? 'taken' : 'full'
  }

  /** For the pastes of one session. */
  pacer(pacing: Pacing): Pacer {
    return new Pacer(pacing, () => byteMs(this.control.settings))
  }

  /** Drops what this seat typed and was not sent. @returns how many bytes that was */
  discard(seat: Seat, loss: Loss): number {
    return this.#outgoing.discard(seat, loss)
  }

  /** Tells everyone else at the console. */
  tellOthers(seat: Seat, text: string): void {
    for (const other of this.seats) if (other !== seat) other.events.onNotice(text)
  }

  /** Gives typing to this seat if nobody has it. @returns why not; undefined when it types now */
  takeFree(seat: Seat): string | undefined {
    return this.describeOccupied(seat) ?? this.takeOver(seat)
  }

  hasRoom(seat: Seat): boolean {
    return this.waitingBytes(seat) < TYPED_BOUND_BYTES
  }

  /** Discards what this seat typed and the target has not. */
  purge(seat: Seat): void {
    this.#outgoing.discardWithHeld(seat, { kind: 'left', text: 'it was purged' })
  }

  /** Bytes that this seat typed and the line has not taken. */
  waitingBytes(seat: Seat): number {
    return this.#outgoing.waitingBytes(seat)
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
    const kept = before ? undefined : this.keptFor
    const from = before ?? kept?.person
    this.#give(seat, `${calledAs(seat)} took over typing${from ? ` from ${calledAs(from)}` : ''}${lost}`)
    before?.events.onRoom()
    return undefined
  }

  /**
   * Waits until all that this seat typed is on the wire. What flow control holds for too long is dropped, and the seat
   * is told.
   */
  async sent(seat: Seat, signal: AbortSignal): Promise<void> {
    if (await this.#outgoing.sent(seat, signal)) return
    const loss: Loss = { kind: 'held', text: `flow control holds the line: ${describeHold(this.control.settings)}` }
    if (this.#outgoing.discard(seat, loss) === 0) seat.events.onLost(0, loss)
  }

  /** Releases the line where flow control holds it, and tells everyone. */
  async release(by: Person | Seat): Promise<ReleaseAnswer> {
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { released: false, refused: true, cause: refusal }
    const line = this.#line
    try {
      if (!line) throw new Error(`the line is closed${this.#state.open ? '' : `: ${this.#state.cause}`}`)
      await line.release()
    } catch (err) {
      return { released: false, refused: false, cause: `flow control was not released: ${errorMessage(err)}` }
    }
    this.#log.info(logged(by), 'flow control released')
    this.#seats.tellAll(`${calledAs(by)} released flow control${describeRelease(this.control.settings)}`)
    return { released: true }
  }

  /**
   * Sends a BREAK, if this person or seat may, and tells everyone.
   * @param by for a seat, only the input of the others is dropped: what this one types now it typed after the BREAK
   * @param asked milliseconds, or until it is ended; see {@link breakFor}
   * @param signal the end of the program, not of the session: a lost connection does not cut a BREAK short
   */
  async sendBreak(
    by: Person | Seat,
    asked: number | HeldBreak | undefined,
    signal: AbortSignal,
    sequence = PLAIN_BREAK,
  ): Promise<BreakAnswer> {
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { sent: false, refused: true, cause: refusal }
    if (!this.#state.open) return noBreak(`the line is closed: ${this.#state.cause}`)
    if (this.#breaks >= BREAKS_BOUND) return noBreak(`${this.#breaks} BREAKs are already waiting`)
    this.#breaks++
    try {
      const { lengthMs, held, describe } = breakFor(asked, this.#clock)
      const loss: Loss = { kind: 'break', text: `${calledAs(by)} sent ${sequence.what}` }
      this.#transfer?.stop(loss)
      for (const seat of this.seats) if (seat !== by) seat.events.onOthersBreak(loss)
      const outcome = await this.#outgoing.sendBreak(lengthMs, signal, loss, held, sequence)
      const length = sequence.isBreak ? describe() : 'no BREAK'
      this.#log.info({ ...logged(by), length, ...outcome }, outcome.done ? 'break sent' : 'break failed')
      const cause = outcome.done ? undefined : outcome.cause
      this.#recorder?.happened('break', outcome.done ? 'sent' : 'failed', {
        by: calledAs(by),
        ms: sequence.isBreak ? Number.parseInt(length, 10) : undefined,
        as: sequence === PLAIN_BREAK ? undefined : sequence.what,
        cause,
      })
      const { technician, from } = by
      const detail = outcome.done
        ? sequence === PLAIN_BREAK
          ? length
          : `${sequence.what}, ${length}`
        : `not sent: ${outcome.cause}`
      this.#onEvent({ event: 'break', console: this.config.name, technician, from, detail })
      for (const seat of this.seats) seat.events.onRoom()
      if (!outcome.done) return noBreak(outcome.cause)
      const count = outcome.discardedBytes > 0 ? ` (${outcome.discardedBytes} bytes or more)` : ''
      const lost = outcome.drained ? '' : `; what the target had not taken was discarded${count}`
      this.#seats.tellAll(`${calledAs(by)} sent ${sequence.what}${sequence.isBreak ? `, ${length}` : ''}${lost}`)
      return { sent: true }
    } finally {
      this.#breaks--
    }
  }

  /** Gives the line to a file transfer, until {@link endTransfer}. @returns its seat, or why not */
  beginTransfer(by: Person, what: string, events: TransferEvents): Seat | Loss {
    const refusal = refusalOf(by)
    if (refusal !== undefined) return { kind: 'observer', text: refusal }
    if (!this.#state.open) return { kind: 'closed', text: `the line is closed: ${this.#state.cause}` }
    const transfer = transferOf(by, what, this.#times.of(this.#clock.nowMs()), events)
    const { writer, keptFor } = this
    // Their own session, in another window, does not stand in the way.
    const isTheirs = writer === undefined || (!this.#transfer && isSame(writer, by))
    if (!isTheirs || keptFor) {
      return { kind: 'occupied', text: this.describeOccupied(transfer.seat) ?? 'somebody else types' }
    }
    this.#transfer = transfer
    this.#log.info({ ...logged(by), what }, 'transfer begins')
    this.#recorder?.happened('transfer', 'begin', { by: calledAs(by), as: what })
    this.tellAll(`${describeTransfer(transfer)}: until its end nothing else is sent or shown; a BREAK ends it`)
    this.#onChange()
    return transfer.seat
  }

  /** @param how how it ended, for the others */
  endTransfer(seat: Seat, how: string): void {
    const transfer = this.#transfer
    if (transfer?.seat !== seat) return
    this.#outgoing.discard(seat, { kind: 'left', text: 'the transfer ended' })
    this.#transfer = undefined
    this.#log.info({ ...logged(seat), how }, 'transfer ends')
    this.#recorder?.happened('transfer', 'end', { by: calledAs(seat), as: transfer.what, how })
    this.tellAll(`the transfer of ${calledAs(seat)} (${transfer.what}) is over: ${how}`)
    for (const one of this.seats) one.events.onRoom()
    this.#onChange()
  }

  /** Who typed when, for the history: the span and the count, no characters. */
  #noteTyped({ technician, from }: Seat, { bytes, firstMs, lastMs }: Typed): void {
    const detail = `${bytes} byte${bytes === 1 ? '' : 's'}`
    this.#onEvent({ event: 'typed', console: this.config.name, technician, from, detail }, { firstMs, lastMs })
  }

  /** Tells everyone who is here. */
  announce(text: string): void {
    this.#seats.tellAll(text)
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
    if (!this.#state.open) return { done: false, cause: `the line is closed: ${this.#state.cause}` }
    const outcome = await this.#outgoing.interrupt(signal, loss, work, onNext)
    for (const seat of this.seats) seat.events.onRoom()
    return outcome
  }

  /** The settings of the line are others now. @param by undefined where nobody changed them now */
  settingsChanged(what: string, by: Person | undefined): void {
    this.#log.info({ ...(by && logged(by)), settings: what }, 'line settings changed')
    this.#recorder?.happened('line', 'set', { settings: what, by: by && calledAs(by) })
    this.#onChange()
  }

  #give(seat: Seat, announcement: string): void {
    const before = this.writer
    this.#kept.takeKeyboard(seat)
    this.#seats.give(seat, announcement)
    const from = before && { from: calledAs(before), from_id: before.id }
    this.#recorder?.happened('keyboard', before ? 'taken' : 'free', { id: seat.id, by: calledAs(seat), ...from })
    this.#log.info(logged(seat), 'writer changed')
    this.#onChange()
  }

  #held(by: Holder, held: boolean): void {
    if (!this.#hold.tell(by, held)) return
    const { now } = this.#hold
    this.#log.info({ held: now !== undefined }, 'flow control')
    this.#seats.tellAll(now ? `flow control holds the line: ${now.cause}; input waits` : 'the line is free again')
    this.#onChange()
  }
}

function noBreak(cause: string): BreakAnswer {
  return { sent: false, refused: false, cause: `no BREAK was sent: ${cause}` }
}

function sessionFields(seat: Seat, size: TerminalSize | undefined): EventFields {
  const { id, from, role, viewOnly } = seat
  return { id, by: calledAs(seat), from, role: viewOnly ? 'observer' : role, size: size && sizeText(size) }
}
