/** One technician at one console: what is typed goes in, what the target says comes out, and what happens is told. */
import type { Clock } from '../../runtime/clock.ts'
import { EXIT, type ExitCode } from '../../runtime/errors.ts'
import type { Console, Seat } from '../console/console.ts'
import { calledAs, type Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import { type EscapeCommand, EscapeParser, escapeByteOf, escapeNameOf, type TypedEvent } from './escape-parser.ts'
import { escapeHelp, GREETING_LINES, greeting, silenceHint } from './greeting.ts'
import type { Terminal, TerminalInput } from './terminal.ts'
import { View } from './view.ts'

export interface SessionOptions {
  console: Console
  person: Person
  /** A view that takes no input at all: the word `watch`. */
  viewOnly: boolean
  terminal: Terminal
  /** The escape key as the configuration has it, `ctrl-]`. */
  escapeKey: string
  clock: Clock
  /** The end of the program. */
  signal: AbortSignal
}

const GREETING_BYTES = 8_192
/** Milliseconds without a word from the target after which the likely causes are told. */
const SILENCE_MS = 3_000
/** Milliseconds between two refusals: one for a paste, not one for each of its lines. */
const REFUSAL_MS = 3_000
/** Milliseconds of silence after which a session whose input ended has had its answer. */
const ANSWER_MS = 2_000
/** Milliseconds that the last words may take to reach a technician. */
const FAREWELL_MS = 1_000

export class Session implements TerminalInput {
  readonly #options: SessionOptions
  readonly #parser: EscapeParser | undefined
  readonly #escapeName: string
  readonly #ending = new AbortController()
  readonly #view: View
  #seat: Seat | undefined
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #toldObserver = false
  #exitCode: ExitCode = EXIT.ok
  #running: Promise<ExitCode> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#view = new View(options.console.scrollback, options.terminal)
    this.#escapeName = escapeNameOf(options.escapeKey)
    // Without a pty a program types: every byte is its own.
    this.#parser = options.terminal.interactive ? new EscapeParser(escapeByteOf(options.escapeKey)) : undefined
  }

  /** Runs until the technician leaves, or is made to; resolves with the exit code. */
  run(): Promise<ExitCode> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<ExitCode> {
    const { console, person, viewOnly, terminal, clock, signal } = this.#options
    const fromPosition = console.scrollback.lastLines(GREETING_LINES, GREETING_BYTES)
    const seat = console.attach(person, viewOnly, {
      onOutput: () => this.#view.wake(),
      onNotice: text => this.#view.tell(text),
      onRoom: () => console.hasRoom(seat) && terminal.resume(),
      onDismissed: text => this.#dismiss(text),
    })
    this.#seat = seat
    const over = AbortSignal.any([signal, terminal.gone, this.#ending.signal])
    try {
      this.#view.tell(...greeting(console, seat, this.#parser && this.#escapeName))
      void this.#hintAtSilence(over)
      await this.#view.show(fromPosition, over)
    } finally {
      this.#seat = undefined
      console.leave(seat)
    }
    if (signal.aborted) this.#view.tell('the console bridge stops; connect again in a moment')
    const bounded = AbortSignal.any([terminal.gone, AbortSignal.timeout(FAREWELL_MS)])
    await Promise.race([this.#view.showNotices(), clock.sleep(FAREWELL_MS, bounded)])
    return signal.aborted ? EXIT.unavailable : this.#exitCode
  }

  onTyped(bytes: Buffer): void {
    if (!this.#seat || this.#ending.signal.aborted) return
    for (const event of this.#parser?.feed(bytes) ?? [{ kind: 'bytes', bytes } satisfies TypedEvent]) {
      if (this.#ending.signal.aborted) return
      switch (event.kind) {
        case 'bytes':
          this.#type(this.#seat, event.bytes)
          break
        case 'command':
          this.#obey(this.#seat, event.command)
          break
        case 'unknown':
          this.#view.tell(
            `that means nothing after ${this.#escapeName}, nothing is sent; ${this.#escapeName} ? for help`,
          )
          break
        default:
          event satisfies never
      }
    }
  }

  onEnd(): void {
    if (this.#options.viewOnly) return
    if (this.#options.terminal.interactive) this.#ending.abort()
    else void this.#finishAnswer()
  }

  /**
   * A BREAK asked for by the SSH client or by the escape key; the asker is told how it went.
   * @returns false when this session may send none
   */
  sendBreak(askedMs?: number): boolean {
    const seat = this.#seat
    if (!seat) return false
    const { console, signal } = this.#options
    // That one was sent, everyone at the console is told by the console.
    void console.sendBreak(seat, askedMs, signal).then(answer => answer.sent || this.#view.tell(answer.cause))
    return seat.mayType
  }

  #dismiss(text: string): Promise<unknown> {
    this.#exitCode = EXIT.unavailable
    this.#view.tell(text)
    this.#ending.abort()
    return this.run()
  }

  #type(seat: Seat, bytes: Buffer): void {
    const { console, terminal } = this.#options
    const outcome = console.type(seat, bytes)
    switch (outcome) {
      case 'taken':
        break
      case 'full':
        terminal.pause()
        break
      case 'observer':
        this.#refuseObserver(seat)
        break
      case 'occupied':
        this.#refuse(
          `${console.writer && calledAs(console.writer)} types, so nothing of yours is sent${this.#takeOverHint()}`,
        )
        break
      case 'closed':
        this.#refuse('not sent: the line is closed')
        break
      default:
        outcome satisfies never
    }
  }

  #takeOverHint(): string {
    return this.#parser ? `; ${this.#escapeName} w takes over` : ''
  }

  #obey(seat: Seat, command: EscapeCommand): void {
    switch (command) {
      case 'help':
        this.#view.tell(...escapeHelp(this.#escapeName))
        break
      case 'break':
        this.sendBreak()
        break
      case 'take-over':
        this.#takeOver(seat)
        break
      case 'disconnect':
        this.#ending.abort()
        break
      default:
        command satisfies never
    }
  }

  #takeOver(seat: Seat): void {
    const { console } = this.#options
    const answer = console.writer === seat ? 'you type already' : console.takeOver(seat)
    if (answer !== undefined) this.#view.tell(answer)
  }

  /** Once is enough: who watches may well press a key now and then. */
  #refuseObserver(seat: Seat): void {
    const refusal = refusalOf(seat)
    if (this.#toldObserver || refusal === undefined) return
    this.#toldObserver = true
    this.#view.tell(refusal)
  }

  #refuse(text: string): void {
    const nowMs = this.#options.clock.nowMs()
    if (nowMs - this.#refusedAtMs < REFUSAL_MS) return
    this.#refusedAtMs = nowMs
    this.#view.tell(text)
  }

  async #hintAtSilence(over: AbortSignal): Promise<void> {
    const { console, clock } = this.#options
    await clock.sleep(SILENCE_MS, over)
    if (over.aborted || !console.state.open || console.counters.lastOutputAt !== null) return
    this.#view.tell(...silenceHint(console))
  }

  /** A program's input ended: everything of it is sent, and the target has said what it has to say. */
  async #finishAnswer(): Promise<void> {
    const { console, clock, terminal, signal } = this.#options
    const over = AbortSignal.any([signal, terminal.gone])
    await console.sent(over)
    for (let before = -1; before !== console.scrollback.end && !over.aborted; ) {
      before = console.scrollback.end
      await clock.sleep(ANSWER_MS, over)
    }
    this.#ending.abort()
  }
}
