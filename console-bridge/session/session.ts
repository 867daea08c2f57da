/** One technician at one console: sends what they type, shows what the target says, and tells them what happens. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import type { TerminalSize } from '../console/terminal-size.ts'
import { endIdle } from './end-idle.ts'
import { Ending } from './ending.ts'
import { type AtConsole, ESCAPE_EFFECTS } from './escape-effects.ts'
import { type EscapeKeys, type EscapeSetting, escapeKeysOf } from './escape-keys.ts'
import type { TypedEvent } from './escape-parser.ts'
import { exitOfLoss, type SessionExit } from './exit-codes.ts'
import { goRaw } from './go-raw.ts'
import { greeting } from './greeting.ts'
import { lastAnswer } from './last-answer.ts'
import type { Past } from './past.ts'
import { Questions } from './questions.ts'
import { Raw } from './raw.ts'
import { Reading } from './reading.ts'
import { readPast, replayFrom } from './replay.ts'
import { Resizes } from './resizes.ts'
import { hintAtSilence } from './silence.ts'
import type { Terminal, TerminalInput } from './terminal.ts'
import type { TransferPlaces } from './transfer-dialog.ts'
import { TypedKeys } from './typed-keys.ts'
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
  /** What the rules of the console found, as lines for a terminal. */
  alerts: () => readonly string[]
  /** For file transfers of the menu. */
  places: TransferPlaces
  escapeSetting: EscapeSetting
  clock: Clock
  /** The end of the program. */
  signal: AbortSignal
}

/** Milliseconds that the last notices may take to reach a technician. */
const FAREWELL_MS = 1_000

export class Session implements TerminalInput {
  readonly #options: SessionOptions
  readonly #keys: EscapeKeys
  readonly #typed: TypedKeys
  readonly #ending: Ending
  readonly #over: AbortSignal
  readonly #view: View
  readonly #typing: Typing
  readonly #raw: Raw
  readonly #questions: Questions
  readonly #reading: Reading
  readonly #resizes: Resizes
  /** The end of the scrollback at the beginning. */
  readonly #from: number
  #seat: Seat | undefined
  #running: Promise<SessionExit> | undefined

  constructor(options: SessionOptions) {
    const { console, terminal, clock, escapeSetting } = options
    this.#options = options
    this.#ending = new Ending({ terminal, clock, stopping: options.signal })
    this.#over = this.#ending.over
    this.#view = new View(console.scrollback, terminal)
    this.#raw = new Raw(clock, this.#over)
    this.#from = console.scrollback.end
    this.#reading = new Reading({ terminal, view: this.#view, clock }, this.#from)
    this.#resizes = new Resizes(clock, this.#over, size => {
      if (this.#seat) console.sessions.resized(this.#seat, size)
    })
    this.#keys = escapeKeysOf(escapeSetting)
    this.#typed = new TypedKeys({
      // Without a pty every byte is the program's own.
      parser: terminal.interactive ? this.#keys.parser() : undefined,
      ...{ clock, over: this.#over },
      onEvent: event => this.#take(event),
    })
    this.#typing = new Typing({
      ...{ console, terminal, clock, over: this.#over },
      takeOverHint: terminal.interactive ? `; ${this.#keys.press('take-over')} to take over` : '',
      stopTransferHint: terminal.interactive ? `, and ${this.#keys.press('stop-paste')} stops it` : '',
      stopHint: `, ${this.#keys.press('stop-paste')} stops`,
      tell: text => this.#view.tell(text),
      tellProgress: text => this.#view.tellProgress(text),
      end: () => this.#ending.end(),
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
    const { console, person, viewOnly, terminal, lines, past, clock, signal } = this.#options
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
        onProgress: text => void this.#view.tellInPlace(text),
        onRoom: () => console.input.hasRoom(seat) && this.#typing.goOn(),
        onSent: bytes => this.#typing.ledger.sent(bytes),
        onLost: (bytes, loss) => this.#typing.lose(bytes, loss),
        onOthersBreak: loss => this.#raw.isOn || this.#typing.dropRest(loss),
        onDismissed: text => this.#dismiss(text),
        onSamePerson: () => void this.#ending.endIfUnanswered(),
      },
      terminal.size,
    )
    this.#seat = seat
    this.#typing.seat = seat
    const over = this.#over
    try {
      this.#view.tell(...greeting(console, seat, terminal.interactive ? this.#keys : undefined))
      void hintAtSilence(console, this.#view, clock, over)
      void this.#reading.follow(over)
      if (terminal.interactive) void this.#endIdle(seat)
      const replay = { lines, past, seat, interactive: terminal.interactive }
      const { from, hasMore } = replayFrom({ ...replay, scrollback: console.scrollback, end: this.#from })
      this.#reading.beginsAt(from)
      const before = hasMore ? await readPast(replay, clock, over) : undefined
      await this.#view.show(before?.upTo ?? from, over, before?.text)
    } finally {
      this.#questions.cancel()
      this.#seat = undefined
      this.#typing.seat = undefined
      console.sessions.leave(seat, this.#ending.how, this.#ending.isLost ? this.#reading.upTo : undefined)
    }
    this.#view.release()
    const { ledger } = this.#typing
    const account = ledger.describe()
    if (account !== undefined) this.#view.tell(account)
    if (signal.aborted) this.#view.tell('the console bridge is stopping; connect again in a moment')
    await within(FAREWELL_MS, [terminal.gone], () => this.#view.showNotices(), { clock })
    return ledger.loss ? exitOfLoss(ledger.loss.kind) : this.#ending.exitCode
  }

  onTyped(bytes: Buffer): void {
    if (!this.#seat || this.#ending.isAsked) return
    this.#seat.touch()
    if (this.#raw.isOn) {
      this.#raw.traffic()
      this.#typing.type(this.#seat, bytes, true)
      return
    }
    this.#typed.feed(bytes, this.#typing.isPasted(bytes.length))
  }

  #take(event: TypedEvent): void {
    if (this.#ending.isAsked || !this.#seat) return
    switch (event.kind) {
      case 'bytes':
        if (this.#questions.isOpen) this.#questions.typed(event.bytes)
        else this.#typing.type(this.#seat, event.bytes)
        break
      case 'command':
        this.#questions.cancel()
        ESCAPE_EFFECTS[event.command](this.#atConsole(this.#seat), event.choice)
        break
      case 'unknown':
        this.#view.tell(`unknown key after ${this.#keys.name}, nothing was sent; ${this.#keys.press('help')} for help`)
        break
      default:
        event satisfies never
    }
  }

  onResized(size: TerminalSize): void {
    this.#resizes.resized(size)
  }

  onLastSent(): void {
    this.#typing.becomeProgram()
  }

  /** The input ended: of a program, or of `ssh -tt` behind a pipe. */
  onEnd(): void {
    if (this.#options.viewOnly || this.#typing.hasEnded) return
    this.#typed.end()
    this.#typing.hasEnded = true
    const { console, clock } = this.#options
    const answer = lastAnswer({
      ...{ console, seat: this.#seat, ledger: this.#typing.ledger, view: this.#view, from: this.#from },
      ...{ clock, over: this.#over },
    })
    void answer.then(exitCode => this.#ending.end(exitCode))
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

  #endIdle(seat: Seat): Promise<void> {
    const { console, clock } = this.#options
    return endIdle({
      ...{ console, seat, raw: this.#raw, clock, over: this.#over },
      tell: text => this.#view.tell(text),
      dismiss: text => void this.#dismiss(text),
    })
  }

  #dismiss(text: string): Promise<unknown> {
    this.#view.tell(text)
    this.#ending.dismiss()
    return this.run()
  }

  #atConsole(seat: Seat): AtConsole {
    const { console, signal: stopping, past, alerts, places, clock } = this.#options
    const at = { console, seat, clock, keys: this.#keys, over: this.#over }
    return {
      ...{ ...at, past, alerts, places, typing: this.#typing, stopping },
      tell: (...texts) => this.#view.tell(...texts),
      print: lines => this.#view.print(lines),
      ask: (question, enter, lines) => this.#questions.ask(question, enter, lines),
      dialog: work => this.#questions.dialog(work),
      leave: () => this.#ending.end(),
      goRaw: () => void goRaw({ ...at, raw: this.#raw, view: this.#view }),
    }
  }
}
