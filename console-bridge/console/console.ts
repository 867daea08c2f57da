/** One console: the output of its line goes to everyone who watches, and one of them may type. */

import type { ConsoleConfig } from '../../formats/device-config.ts'
import { withoutSettings } from '../../formats/line-path.ts'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { NewEvent, Span } from '../events.ts'
import type { Line } from '../line/line.ts'
import { heldAfterMs } from '../line/settings.ts'
import { Breaks } from './breaks.ts'
import { ConsoleLine } from './console-line.ts'
import { Input } from './input.ts'
import { KeptSeats } from './kept-seats.ts'
import { Keyboard } from './keyboard.ts'
import { LineControl, type LineControlOptions } from './line-control.ts'
import { type Note, type NotePlace, noteInMemory } from './note.ts'
import { NoteBoard } from './note-board.ts'
import { OnLeave } from './on-leave.ts'
import { Outgoing } from './outgoing.ts'
import type { Recorder } from './recorder.ts'
import { NO_MEMORY, type Remembered, type SeatMemory } from './remembered.ts'
import type { Reports } from './reports.ts'
import { Scrollback } from './scrollback.ts'
import type { Hold, LineState, Seat } from './seat.ts'
import { Seats } from './seats.ts'
import { Sessions } from './sessions.ts'
import { type PowerSupply, TargetPower } from './target-power.ts'
import { Transfers } from './transfers.ts'

/** Bytes between the queue here and the wire; a line that takes nothing for longer than they need is held. */
const IN_HAND_BYTES = 512

export interface ConsoleOptions {
  config: ConsoleConfig
  scrollbackBytes: number
  clock: Clock
  log: Logger
  /** Something changed that the status shows; not called for its counters. */
  onChange?(): void
  /** Where its note is kept. */
  notePlace?: NotePlace
  /** Who is here is remembered over a restart of the program. */
  memory?: SeatMemory
  /** Keeps a record of the output and the events; without it, nothing is recorded. */
  recorderOf?(scrollback: Scrollback): Recorder | undefined
  /** What was kept of the settings of the line, and how more is kept. */
  settings?: Omit<LineControlOptions, 'configured'>
  /** Gets the output, too; without what a file transfer receives. */
  onOutput?: ((bytes: Buffer) => void) | undefined
  /** The outlets that feed its target. */
  power?: PowerSupply | undefined
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
  readonly line: ConsoleLine
  readonly keyboard: Keyboard
  readonly input: Input
  readonly breaks: Breaks
  readonly power: TargetPower
  readonly transfers: Transfers
  readonly sessions: Sessions
  readonly onLeave: OnLeave
  readonly noteBoard: NoteBoard
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #recorder: Recorder | undefined
  readonly #seats: Seats
  readonly #outgoing: Outgoing
  readonly #onEmpty: () => void
  readonly #onOutput: (bytes: Buffer) => void
  #lastSent: { technician: string; atMs: number } | undefined
  /** Milliseconds of the monotonic clock. */
  #lastOutputMs: number | null = null
  #bytesIn = 0
  #bytesOut = 0

  constructor(options: ConsoleOptions) {
    const { config, scrollbackBytes, clock, log, onChange = () => {}, onEvent = () => {}, recorderOf } = options
    this.config = config
    this.scrollback = new Scrollback(scrollbackBytes)
    this.control = new LineControl({
      configured: config,
      withoutSettings: withoutSettings(config.path),
      ...options.settings,
    })
    this.#recorder = recorderOf?.(this.scrollback)
    this.#onEmpty = () => options.onEmpty?.(this)
    this.#onOutput = options.onOutput ?? (() => {})
    this.#clock = clock
    this.#times = new WallTimes(clock)
    const { memory = NO_MEMORY } = options
    const changed = () => {
      memory.put(this.#toRemember())
      onChange()
    }
    const reports: Reports = {
      ...{ name: config.name, log, recorder: this.#recorder, onChange: changed },
      onEvent: (event, span) => {
        // A BREAK makes a target speak, like a key: a long one while it lasts, and after it.
        if (event.event === 'break' && event.technician !== undefined) this.#hasSent(event.technician)
        onEvent(event, span)
      },
    }
    const seats = new Seats(clock)
    const kept = new KeptSeats(clock, lost => this.sessions.didNotReturn(lost))
    const outgoing = this.#outgoingTo(clock)
    const { control } = this
    const line = new ConsoleLine({ clock, control, seats, outgoing, reports })
    const keyboard = new Keyboard({ seats, kept, outgoing, reports })
    const shared = { clock, line, keyboard, seats, kept, outgoing, reports }
    this.#seats = seats
    this.#outgoing = outgoing
    this.line = line
    this.keyboard = keyboard
    this.input = new Input({ line, control, keyboard, outgoing })
    this.breaks = new Breaks({ ...shared, onBegin: technician => this.#hasSent(technician) })
    this.power = new TargetPower({ ...shared, supply: options.power })
    this.transfers = new Transfers({ ...shared, onOver: () => this.#transferOver() })
    this.onLeave = new OnLeave({ ...shared, setting: config.onLeave })
    this.sessions = new Sessions({ ...shared, onLeave: this.onLeave, onEmpty: this.#onEmpty })
    this.noteBoard = new NoteBoard({ ...shared, place: options.notePlace ?? noteInMemory() })
    if (memory.before) kept.restore(memory.before)
    this.onLeave.restore(memory.before?.lastTyped)
    this.transfers.restore(memory.before?.transfer)
  }

  #toRemember(): Remembered {
    const { sessions, onLeave, transfers } = this
    const at = this.#clock.wallMs()
    return { seats: sessions.toRemember(), lastTyped: onLeave.toRemember(), transfer: transfers.toRemember(), at }
  }

  get name(): string {
    return this.config.name
  }

  get state(): LineState {
    return this.line.state
  }

  /** Undefined while nothing holds the line. */
  get hold(): Hold | undefined {
    return this.line.hold
  }

  get seats(): readonly Seat[] {
    return this.#seats.all
  }

  get writer(): Seat | undefined {
    return this.keyboard.writer
  }

  get note(): Note | undefined {
    return this.noteBoard.now
  }

  get counters(): { lastOutputAt: number | null; bytesIn: number; bytesOut: number } {
    const lastOutputAt = this.#lastOutputMs === null ? null : this.#times.of(this.#lastOutputMs)
    return { lastOutputAt, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut }
  }

  lineOpened(line: Line): void {
    this.line.opened(line)
    void this.onLeave.opened(line)
  }

  /** Also called at each failed attempt to open; only a change is announced. */
  lineClosed(cause: string): void {
    this.line.closed(cause, why => this.keyboard.transfer?.stop(why))
  }

  /** The line itself reports whether flow control holds it. */
  lineHeld(held: boolean): void {
    this.line.held('line', held)
  }

  received(bytes: Buffer): void {
    this.#bytesIn += bytes.length
    this.#lastOutputMs = this.#clock.nowMs()
    const { transfer } = this.keyboard
    if (transfer) {
      transfer.received(bytes)
      return
    }
    this.#outgoing.heard(bytes)
    this.scrollback.append(bytes)
    this.#recorder?.received()
    for (const seat of this.seats) seat.events.onOutput()
    this.#onOutput(bytes)
  }

  /** Who sent something to the target, or a BREAK, in the last so many milliseconds. */
  typistWithin(ms: number): string | undefined {
    const last = this.#lastSent
    return last && this.#clock.nowMs() - last.atMs <= ms ? last.technician : undefined
  }

  /** Shows one line to everybody at the console. */
  tellAll(text: string, except?: Seat): void {
    this.#seats.tellAll(text, except)
  }

  /** Ends the sessions of everybody who is not on the device itself. */
  async dismiss(text: string): Promise<void> {
    const others = this.seats.filter(({ via }) => via !== 'shell')
    const { transfer } = this.keyboard
    if (transfer && transfer.seat.via !== 'shell') transfer.stop({ kind: 'left', text })
    await Promise.all(others.map(({ events }) => events.onDismissed(text)))
  }

  /** What the last one who leaves sets off waits for the end of a transfer. */
  #transferOver(): void {
    if (this.seats.length === 0) this.#onEmpty()
    void this.onLeave.lastLeft()
  }

  #hasSent(technician: string): void {
    this.#lastSent = { technician, atMs: this.#clock.nowMs() }
  }

  /** The queue to the line. What is in it belongs to a seat, or to what is sent when the last operator has left. */
  #outgoingTo(clock: Clock): Outgoing {
    const seatOf = (owner: object) => (owner === this.onLeave ? undefined : (owner as Seat))
    return new Outgoing({
      clock,
      heldMs: () => heldAfterMs(this.control.settings, IN_HAND_BYTES),
      events: {
        onSent: (owner, bytes) => {
          this.#bytesOut += bytes
          const seat = seatOf(owner)
          if (!seat) return
          this.#hasSent(seat.technician)
          this.sessions.sent(seat, bytes)
        },
        onLost: (owner, bytes, loss) => seatOf(owner)?.events.onLost(bytes, loss),
        onRoom: owner => seatOf(owner)?.events.onRoom(),
        onHeld: held => this.line.held('queue', held),
      },
    })
  }
}
