/** One technician at one console: sends what they type, shows what the target says, and tells them what happens. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import { calledAs, type Person } from '../console/person.ts'
import type { HowEnded, Seat } from '../console/seat.ts'
import type { TerminalSize } from '../console/terminal-size.ts'
import { ANSWER_NOTICES, untilAnswered } from './answer.ts'
import { type AtConsole, ESCAPE_EFFECTS } from './escape-effects.ts'
import { escapeByteOf, escapeKeyOf, escapeNameOf } from './escape-menu.ts'
import { EscapeParser, type TypedEvent } from './escape-parser.ts'
import { exitOfLoss, SESSION_EXIT, type SessionExit } from './exit-codes.ts'
import { GREETING_LINES, greeting, silenceHint } from './greeting.ts'
import { durationText, watchIdle } from './idle.ts'
import type { Past, PastText } from './past.ts'
import { Questions } from './questions.ts'
import { QUIET_MS, Raw } from './raw.ts'
import { LOST, type Terminal, type TerminalInput } from './terminal.ts'
import { Typing } from './typing.ts'
import { View } from './view.ts'

export interface SessionOptions {
  console: Console
  person: Person
  /** Takes no input: the command `watch`. */
  viewOnly: boolean
  terminal: Terminal
  /** Lines of past output at the beginning; a screenful when left out. */
  lines?: number | undefined
  /** The transcript, where there is one that this person may read. */
  past?: Past | undefined
  /** The escape key as the configuration has it, `ctrl-]`. */
  escapeKey: string
  clock: Clock
  /** The end of the program. */
  signal: AbortSignal
}

/** Milliseconds for which sizes are collected: somebody drags the edge of their window. */
const RESIZE_MS = 500
const GREETING_BYTES = 8_192
/** Milliseconds after which the likely causes are shown for a target that has said nothing. */
const SILENCE_MS = 3_000
/** Milliseconds that the transcript may take; then the beginning is what is in memory. */
const PAST_MS = 5_000
/**
 * Milliseconds between two questions to a client whether it has read what was shown: so much of it may be repeated after a
 * lost connection. A question is 245 bytes on the wire, and asked only where there was output.
 */
const READ_MS = 5_000
/** Milliseconds in which a living connection answers, also over a bad mobile line. */
const ANSWER_MS = 5_000
/** Milliseconds that the last notices may take to reach a technician. */
const FAREWELL_MS = 1_000

export class Session implements TerminalInput {
  readonly #options: SessionOptions
  readonly #parser: EscapeParser | undefined
  readonly #escapeName: string
  readonly #ending = new AbortController()
  readonly #over: AbortSignal
  readonly #view: View
  readonly #typing: Typing
  readonly #raw: Raw
  readonly #questions: Questions
  /** The end of the scrollback at the beginning. */
  readonly #from: number
  /** The position up to which the client has certainly read. */
  #readUpTo: number
  #seat: Seat | undefined
  #isDismissed = false
  #isUnanswered = false
  /** A size that is not told yet. */
  #resizedTo: TerminalSize | undefined
  #exitCode: SessionExit = SESSION_EXIT.ok
  #running: Promise<SessionExit> | undefined

  constructor(options: SessionOptions) {
    const { console, terminal, clock, escapeKey } = options
    this.#options = options
    this.#over = AbortSignal.any([options.signal, terminal.gone, this.#ending.signal])
    this.#view = new View(console.scrollback, terminal)
    this.#raw = new Raw(clock, this.#over)
    this.#from = console.scrollback.end
    this.#readUpTo = this.#from
    this.#escapeName = escapeNameOf(escapeKey)
    // Without a pty every byte is the program's own.
    this.#parser = terminal.interactive ? new EscapeParser(escapeByteOf(escapeKey)) : undefined
    this.#typing = new Typing({
      ...{ console, terminal, clock, over: this.#over },
      takeOverHint: terminal.interactive ? `; ${this.#escapeName} ${escapeKeyOf('take-over')} to take over` : '',
      stopHint: `, ${this.#escapeName} ${escapeKeyOf('stop-paste')} stops`,
      tell: text => this.#view.tell(text),
      tellProgress: text => this.#view.tellProgress(text),
      end: () => this.#ending.abort(),
    })
    this.#questions = new Questions({
      ...{ view: this.#view, clock, over: this.#over },
      onRest: bytes => {
        this.#view.tell(`not sent: ${bytes} bytes after your answer`)
        this.#typing.dropRest({ kind: 'prompt', text: 'it followed an answer to the bridge' })
      },
    })
  }

  /** Runs until the technician leaves, or the session is ended. @returns the exit code */
  run(): Promise<SessionExit> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<SessionExit> {
    const { console, person, viewOnly, terminal, clock, signal } = this.#options
    const seat = console.sessions.attach(
      person,
      viewOnly,
      {
        onOutput: () => {
          // After a take-over, only the rest of the file counts: it must not be read as escape keys.
          if (console.writer === seat) this.#raw.traffic()
          this.#view.wake()
        },
        onNotice: text => this.#view.tell(text),
        onRoom: () => console.input.hasRoom(seat) && this.#typing.goOn(),
        onSent: bytes => this.#typing.ledger.sent(bytes),
        onLost: (bytes, loss) => this.#typing.lose(bytes, loss),
        onOthersBreak: loss => this.#raw.isOn || this.#typing.dropRest(loss),
        onDismissed: text => this.#dismiss(text),
        onSamePerson: () => void this.#endIfUnanswered(),
      },
      terminal.size,
    )
    this.#seat = seat
    this.#typing.seat = seat
    const over = this.#over
    try {
      this.#view.tell(...greeting(console, seat, this.#parser && this.#escapeName))
      void this.#hintAtSilence(over)
      void this.#followReading(over)
      void this.#watchIdle(seat)
      const { from, hasMore } = this.#replayFrom()
      this.#readUpTo = from
      const past = hasMore ? await this.#readPast(over) : undefined
      await this.#view.show(past?.upTo ?? from, over, past?.text)
    } finally {
      this.#questions.cancel()
      this.#seat = undefined
      this.#typing.seat = undefined
      console.sessions.leave(seat, this.#howEnded, this.#isLost ? this.#readUpTo : undefined)
    }
    this.#view.release()
    const { ledger } = this.#typing
    const account = ledger.describe()
    if (account !== undefined) this.#view.tell(account)
    if (signal.aborted) this.#view.tell('the console bridge is stopping; connect again in a moment')
    await within(FAREWELL_MS, [terminal.gone], () => this.#view.showNotices(), { clock })
    if (ledger.loss) return exitOfLoss(ledger.loss.kind)
    return signal.aborted ? SESSION_EXIT.unavailable : this.#exitCode
  }

  /** Where the replay begins in the scrollback, and whether there is more of it in the transcript. */
  #replayFrom(): { from: number; hasMore: boolean } {
    const { console, viewOnly, terminal, lines = GREETING_LINES, past } = this.#options
    const { scrollback } = console
    // A program gets only output from now on.
    if (!(terminal.interactive || viewOnly)) return { from: this.#from, hasMore: false }
    const { back } = this.#seat ?? {}
    if (back) return { from: Math.max(back.readUpTo, scrollback.start), hasMore: false }
    if (lines === 0) return { from: scrollback.end, hasMore: false }
    const from = scrollback.lastLines(lines, lines > GREETING_LINES ? scrollback.capacityBytes : GREETING_BYTES)
    return { from, hasMore: past !== undefined && (lines > GREETING_LINES || from === 0) }
  }

  /** The same, from the transcript. @returns undefined when it cannot be read in time */
  async #readPast(over: AbortSignal): Promise<PastText | undefined> {
    const { clock, lines = GREETING_LINES, past } = this.#options
    const read = await within(PAST_MS, [over], async () => past?.lastLines(lines), { clock })
    return read.kind === 'done' ? read.value : undefined
  }

  onTyped(bytes: Buffer): void {
    if (!this.#seat || this.#ending.signal.aborted) return
    this.#seat.touch()
    if (this.#raw.isOn) {
      this.#raw.traffic()
      this.#typing.type(this.#seat, bytes, true)
      return
    }
    for (const event of this.#parser?.feed(bytes) ?? [{ kind: 'bytes', bytes } satisfies TypedEvent]) {
      if (this.#ending.signal.aborted) return
      switch (event.kind) {
        case 'bytes':
          if (this.#questions.isOpen) this.#questions.typed(event.bytes)
          else this.#typing.type(this.#seat, event.bytes)
          break
        case 'command':
          this.#questions.cancel()
          ESCAPE_EFFECTS[event.command](this.#atConsole(this.#seat))
          break
        case 'unknown':
          this.#view.tell(`unknown key after ${this.#escapeName}, nothing was sent; ${this.#escapeName} ? for help`)
          break
        default:
          event satisfies never
      }
    }
  }

  onResized(size: TerminalSize): void {
    const { console, clock } = this.#options
    const isWaiting = this.#resizedTo !== undefined
    this.#resizedTo = size
    if (isWaiting) return
    void clock.sleep(RESIZE_MS, this.#over).then(() => {
      const last = this.#resizedTo
      this.#resizedTo = undefined
      if (this.#seat && last) console.sessions.resized(this.#seat, last)
    })
  }

  onLastSent(): void {
    this.#typing.becomeProgram()
  }

  /** The input ended: of a program, or of `ssh -tt` behind a pipe. */
  onEnd(): void {
    if (this.#options.viewOnly || this.#typing.hasEnded) return
    this.#typing.hasEnded = true
    void this.#finish()
  }

  /**
   * The SSH client asks for a BREAK, independently of what is typed: a paste may be going on.
   * @returns false when this session may not send one
   */
  breakRequested(askedMs: number): boolean {
    const seat = this.#seat
    if (!seat) return false
    if (seat.mayType && this.#typing.isBehind && !this.#raw.isOn) {
      this.#typing.dropRest({ kind: 'break', text: 'you sent BREAK during a paste' })
    }
    const { console, signal } = this.#options
    // When it was sent, the console tells everyone.
    void console.breaks.send(seat, askedMs, signal).then(answer => answer.sent || this.#view.tell(answer.cause))
    return seat.mayType
  }

  /** A person's connection was lost; a program that lost its own runs again. */
  get #isLost(): boolean {
    const { terminal } = this.#options
    if (this.#isUnanswered) return true
    return this.#howEnded === 'disconnected' && terminal.interactive && terminal.gone.reason === LOST
  }

  /** Whoever comes back need not wait for the keepalive of their dead connection. */
  async #endIfUnanswered(): Promise<void> {
    const { terminal, clock } = this.#options
    if (!terminal.interactive) return
    const answer = await within(ANSWER_MS, [this.#over], signal => terminal.roundTrip(signal), { clock })
    if (answer.kind !== 'timeout') return
    this.#isUnanswered = true
    this.#ending.abort()
  }

  /** Asks now and then whether the client has read what was shown, so that a lost one gets the rest when it returns. */
  async #followReading(over: AbortSignal): Promise<void> {
    const { terminal, clock } = this.#options
    if (!terminal.interactive) return
    while (!over.aborted) {
      await clock.sleep(READ_MS, over)
      const { shownUpTo } = this.#view
      if (shownUpTo === this.#readUpTo || over.aborted) continue
      await terminal.roundTrip(over)
      if (!over.aborted) this.#readUpTo = shownUpTo
    }
  }

  async #watchIdle(seat: Seat): Promise<void> {
    const { console, clock, terminal } = this.#options
    const { idleTimeoutS } = console.config
    if (idleTimeoutS === undefined || !terminal.interactive) return
    const limitMs = idleTimeoutS * 1_000
    const duration = durationText(limitMs)
    await watchIdle({
      ...{ limitMs, clock, over: this.#over },
      // A paste or a transfer goes on without a key.
      idleMs: () => (this.#raw.isOn || console.input.waitingBytes(seat) > 0 ? 0 : seat.idleMs),
      onKeyboard: () => {
        console.keyboard.giveUp(seat, `, after ${duration} without a key`)
        this.#view.tell(`you have pressed no key for ${duration}: in another ${duration} this session ends`)
      },
      onEnd: () => void this.#dismiss(`this session ends: no key for ${durationText(2 * limitMs)}`),
    })
  }

  get #howEnded(): HowEnded {
    const { signal, terminal } = this.#options
    if (signal.aborted) return 'stopped'
    if (this.#isDismissed) return 'dismissed'
    if (this.#isUnanswered) return 'disconnected'
    return this.#ending.signal.aborted || !terminal.gone.aborted ? 'left' : 'disconnected'
  }

  #dismiss(text: string): Promise<unknown> {
    this.#isDismissed = true
    this.#exitCode = SESSION_EXIT.unavailable
    this.#view.tell(text)
    this.#ending.abort()
    return this.run()
  }

  #atConsole(seat: Seat): AtConsole {
    const { console, signal, past, clock } = this.#options
    return {
      ...{
        console,
        clock,
        past,
        seat,
        typing: this.#typing,
        escapeName: this.#escapeName,
        over: this.#over,
        stopping: signal,
      },
      tell: (...texts) => this.#view.tell(...texts),
      ask: question => this.#questions.ask(question),
      leave: () => this.#ending.abort(),
      goRaw: () => void this.#goRaw(seat),
    }
  }

  /** Passes everything on, until nothing moves any more. */
  async #goRaw(seat: Seat): Promise<void> {
    const { console } = this.#options
    const refusal = console.keyboard.takeFree(seat)
    if (refusal !== undefined) return this.#view.tell(refusal)
    const quiet = QUIET_MS / 1_000
    this.#view.tell(
      `raw: start the transfer now. Everything is passed on and ${this.#escapeName} does not work, until nothing moves for ${quiet} s`,
    )
    console.tellAll(`${calledAs(seat)} transfers a file, in raw mode`, seat)
    this.#view.hold()
    await this.#raw.begin()
    this.#view.release()
    if (this.#over.aborted) return
    this.#view.tell(`raw mode is over: ${this.#escapeName} works again`)
    console.tellAll(`${calledAs(seat)} is no longer in raw mode`, seat)
  }

  async #hintAtSilence(over: AbortSignal): Promise<void> {
    const { console, clock } = this.#options
    await clock.sleep(SILENCE_MS, over)
    if (over.aborted || !console.state.open || console.counters.lastOutputAt !== null) return
    this.#view.tell(...silenceHint(console))
  }

  /** Waits, within bounds, until all input is sent and the target has answered. */
  async #finish(): Promise<void> {
    const { console, clock } = this.#options
    const over = this.#over
    if (this.#seat) await console.input.sent(this.#seat, over)
    const { ledger } = this.#typing
    if (!ledger.loss) {
      const { scrollback } = console
      const isOpen = () => console.state.open
      this.#exitCode = await untilAnswered({
        ...{ scrollback, from: this.#from, hasAsked: ledger.sentBytes > 0, isOpen, clock, over },
      })
      const notice = ANSWER_NOTICES[this.#exitCode]
      if (notice !== undefined) this.#view.tell(notice)
      if (this.#view.missedBytes > 0) this.#exitCode = SESSION_EXIT.cut
    }
    this.#ending.abort()
  }
}
