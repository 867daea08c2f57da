/** One technician at one console: what is typed goes in, what the target says comes out, and what happens is told. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss } from '../console/loss.ts'
import { calledAs, type Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { Seat } from '../console/seat.ts'
import { ANSWER_WORDS, untilAnswered } from './answer.ts'
import { type EscapeCommand, EscapeParser, escapeByteOf, escapeNameOf, type TypedEvent } from './escape-parser.ts'
import { exitOfLoss, SESSION_EXIT, type SessionExit } from './exit-codes.ts'
import { escapeHelp, GREETING_LINES, greeting, silenceHint } from './greeting.ts'
import { Ledger } from './ledger.ts'
import { PAUSE_MS, PasteGate } from './paste-gate.ts'
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
/** Milliseconds for which a program whose input was not sent may go on, so that it can be said how much that was. */
const GIVING_UP_MS = 5_000
/** Milliseconds that the last words may take to reach a technician. */
const FAREWELL_MS = 1_000

export class Session implements TerminalInput {
  readonly #options: SessionOptions
  readonly #parser: EscapeParser | undefined
  readonly #escapeName: string
  readonly #ending = new AbortController()
  readonly #over: AbortSignal
  readonly #view: View
  readonly #ledger = new Ledger()
  readonly #gate: PasteGate
  /** Where the scrollback stood at the beginning. */
  readonly #from: number
  #seat: Seat | undefined
  /** What is typed is not read, because the line takes no more. */
  #isPaused = false
  #hasEnded = false
  /** Nobody is there who would see that nothing moves. */
  #isProgram: boolean
  #isWatched = false
  /** Why nothing more of a program is sent. */
  #givenUp: Loss | undefined
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #toldObserver = false
  #exitCode: SessionExit = SESSION_EXIT.ok
  #running: Promise<SessionExit> | undefined

  constructor(options: SessionOptions) {
    const { console, terminal, clock, escapeKey } = options
    this.#options = options
    this.#over = AbortSignal.any([options.signal, terminal.gone, this.#ending.signal])
    this.#view = new View(console.scrollback, terminal)
    this.#from = console.scrollback.end
    this.#escapeName = escapeNameOf(escapeKey)
    this.#isProgram = !terminal.interactive
    // Without a pty every byte is the program's own.
    this.#parser = terminal.interactive ? new EscapeParser(escapeByteOf(escapeKey)) : undefined
    this.#gate = new PasteGate({
      clock,
      over: this.#over,
      roundTrip: signal => terminal.roundTrip(signal),
      onOpen: (bytes, { text }) => {
        if (bytes > 0 && !this.#givenUp)
          this.#view.tell(`not sent: ${bytes} bytes (${text}). What you type from now on is sent again`)
      },
    })
  }

  /** Runs until the technician leaves, or is made to; resolves with the exit code. */
  run(): Promise<SessionExit> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<SessionExit> {
    const { console, person, viewOnly, terminal, clock, signal } = this.#options
    // A program gets only what is said from now on.
    const isViewed = terminal.interactive || viewOnly
    const fromPosition = isViewed ? console.scrollback.lastLines(GREETING_LINES, GREETING_BYTES) : this.#from
    const seat = console.attach(person, viewOnly, {
      onOutput: () => this.#view.wake(),
      onNotice: text => this.#view.tell(text),
      onRoom: () => console.hasRoom(seat) && this.#resume(),
      onSent: bytes => this.#ledger.sent(bytes),
      onLost: (bytes, loss) => this.#lose(bytes, loss),
      onOthersBreak: loss => this.#closeGate(loss),
      onDismissed: text => this.#dismiss(text),
    })
    this.#seat = seat
    const over = this.#over
    try {
      this.#view.tell(...greeting(console, seat, this.#parser && this.#escapeName))
      void this.#hintAtSilence(over)
      await this.#view.show(fromPosition, over)
    } finally {
      this.#seat = undefined
      console.leave(seat)
    }
    const account = this.#ledger.describe()
    if (account !== undefined) this.#view.tell(account)
    if (signal.aborted) this.#view.tell('the console bridge stops; connect again in a moment')
    await within(FAREWELL_MS, [terminal.gone], () => this.#view.showNotices(), { clock })
    if (this.#ledger.loss) return exitOfLoss(this.#ledger.loss.kind)
    return signal.aborted ? SESSION_EXIT.unavailable : this.#exitCode
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

  onLastSent(): void {
    this.#isProgram = true
    if (this.#isPaused) void this.#giveUpHeld()
  }

  /** A program's input ended, or that of a terminal which is none (`ssh -tt` behind a pipe). */
  onEnd(): void {
    if (this.#options.viewOnly || this.#hasEnded) return
    this.#hasEnded = true
    void this.#finish()
  }

  /**
   * A BREAK asked for by the SSH client, beside what is typed: a paste may be going on.
   * @returns false when this session may send none
   */
  breakRequested(askedMs: number): boolean {
    const { console } = this.#options
    const seat = this.#seat
    if (!seat) return false
    if (seat.mayType && (this.#isPaused || this.#gate.isPasting || console.waitingBytes(seat) > 0)) {
      this.#closeGate({ kind: 'break', text: 'you sent BREAK during a paste' })
    }
    this.#sendBreak(seat, askedMs)
    return seat.mayType
  }

  #sendBreak(seat: Seat, askedMs?: number): void {
    const { console, signal } = this.#options
    // That one was sent, everyone at the console is told by the console.
    void console.sendBreak(seat, askedMs, signal).then(answer => answer.sent || this.#view.tell(answer.cause))
  }

  #dismiss(text: string): Promise<unknown> {
    this.#exitCode = SESSION_EXIT.unavailable
    this.#view.tell(text)
    this.#ending.abort()
    return this.run()
  }

  #type(seat: Seat, bytes: Buffer): void {
    const { console, terminal } = this.#options
    const loss = this.#gate.came(bytes.length) ?? this.#givenUp
    const outcome = loss ? 'lost' : console.type(seat, bytes)
    switch (outcome) {
      case 'lost':
        this.#lose(bytes.length, loss as Loss)
        break
      case 'taken':
        break
      case 'full':
        this.#isPaused = true
        terminal.pause()
        void this.#giveUpHeld()
        break
      case 'observer':
        this.#refuseObserver(seat)
        this.#lose(bytes.length, { kind: 'observer', text: refusalOf(seat) ?? '' })
        break
      case 'occupied': {
        const writer = console.writer ? calledAs(console.writer) : 'somebody else'
        this.#refuse(`${writer} types, so nothing of yours is sent${this.#takeOverHint()}`)
        this.#lose(bytes.length, { kind: 'occupied', text: `${writer} types` })
        break
      }
      case 'closed':
        this.#refuse('not sent: the line is closed')
        this.#lose(bytes.length, { kind: 'closed', text: 'the line is closed' })
        break
      default:
        outcome satisfies never
    }
  }

  /** Some of what was typed is not sent: then the rest of that paste is not either, and of a program's input nothing more. */
  #lose(bytes: number, loss: Loss): void {
    this.#ledger.lost(bytes, loss)
    if (this.#ledger.loss === undefined || !this.#seat || this.#options.viewOnly) return
    if (this.#isProgram) void this.#giveUp(loss)
    else if (loss.kind === 'observer') return
    else if (this.#isPaused || this.#gate.isPasting) this.#closeGate(loss)
  }

  /** A program's input that waits for the line, and does not move, is lost. */
  async #giveUpHeld(): Promise<void> {
    if (!this.#isProgram || this.#isWatched || !this.#seat) return
    this.#isWatched = true
    await this.#options.console.sent(this.#seat, this.#over)
    this.#isWatched = false
  }

  #closeGate(loss: Loss): void {
    this.#gate.close(loss, this.#isPaused)
    this.#resume()
  }

  #resume(): void {
    this.#isPaused = false
    this.#options.terminal.resume()
  }

  /** Ends after the rest of a program's input, or a pause in it, so that it can be said how much of it was not sent. */
  async #giveUp(loss: Loss): Promise<void> {
    if (this.#givenUp) return
    this.#givenUp = loss
    this.#resume()
    const { clock } = this.#options
    await within(GIVING_UP_MS, [this.#over], signal => this.#pauseOrEnd(signal), { clock })
    this.#ending.abort()
  }

  async #pauseOrEnd(signal: AbortSignal): Promise<void> {
    let before: string | undefined
    while (!this.#hasEnded && !signal.aborted && before !== this.#ledger.describe()) {
      before = this.#ledger.describe()
      await this.#options.clock.sleep(PAUSE_MS, signal)
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
        this.#sendBreak(seat)
        break
      case 'take-over':
        this.#takeOver(seat)
        break
      case 'release':
        void this.#release(seat)
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
    else this.#gate.open()
  }

  async #release(seat: Seat): Promise<void> {
    const answer = await this.#options.console.release(seat)
    if (!answer.released) this.#view.tell(answer.cause)
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

  /** All of the input is sent, and the target has said what it has to say; both within bounds. */
  async #finish(): Promise<void> {
    const { console, clock } = this.#options
    const over = this.#over
    if (this.#seat) await console.sent(this.#seat, over)
    if (!this.#ledger.loss) {
      const { scrollback } = console
      const isOpen = () => console.state.open
      this.#exitCode = await untilAnswered({
        ...{ scrollback, from: this.#from, hasAsked: this.#ledger.sentBytes > 0, isOpen, clock, over },
      })
      const words = ANSWER_WORDS[this.#exitCode]
      if (words !== undefined) this.#view.tell(words)
      if (this.#view.missedBytes > 0) this.#exitCode = SESSION_EXIT.cut
    }
    this.#ending.abort()
  }
}
