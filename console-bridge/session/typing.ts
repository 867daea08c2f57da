/** One session's input: sent, or dropped with a notice. When some of a paste is lost, the rest is dropped too. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss } from '../console/loss.ts'
import type { Pacer } from '../console/pacer.ts'
import { isPaced, type Pacing, pacingOf } from '../console/pacing.ts'
import { calledAs } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { Seat } from '../console/seat.ts'
import { Ledger } from './ledger.ts'
import { PAUSE_MS, PasteGate } from './paste-gate.ts'
import { reportPaste } from './paste-progress.ts'
import type { Terminal } from './terminal.ts'

export interface TypingOptions {
  console: Console
  terminal: Terminal
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
  /** Appended to a refusal. */
  takeOverHint: string
  /** The same during a file transfer, which nobody takes over. */
  stopTransferHint: string
  /** Shows a line to the technician. */
  tell(text: string): void
  /** Shows how far a paste is, where it does not cut the target's line in two. */
  tellProgress(text: string): void
  /** The keys that stop a paste, for that. */
  stopHint: string
  /** Ends the session. */
  end(): void
}

/** Milliseconds between two refusals, so that a paste gets one and not one for each line. */
const REFUSAL_MS = 3_000
/** Milliseconds for which the input of a program that lost some is still read, so that the rest can be counted. */
const GIVING_UP_MS = 5_000
/** Bytes at once that one key may send, such as a function key: they are not a paste. */
const KEY_BYTES = 8

export class Typing {
  readonly ledger = new Ledger()
  /** Set while the session has a seat. */
  seat: Seat | undefined
  /** All of the input is read. */
  hasEnded = false
  readonly #options: TypingOptions
  readonly #gate: PasteGate
  /** What is typed is not read, because the line has no room. */
  #isPaused = false
  /** No person would notice that nothing moves. */
  #isProgram: boolean
  #isWatched = false
  /** Why nothing more of a program's input is sent. */
  #givenUp: Loss | undefined
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #toldObserver = false
  #pacer: Pacer
  #isReporting = false

  constructor(options: TypingOptions) {
    const { console, terminal, clock, over, tell } = options
    this.#options = options
    this.#isProgram = !terminal.interactive
    this.#pacer = console.input.pacer(pacingOf(console.config))
    this.#gate = new PasteGate({
      ...{ clock, over },
      roundTrip: signal => terminal.roundTrip(signal),
      onOpen: (bytes, { text }) => {
        if (bytes === 0 || this.#givenUp) return
        tell(`not sent: ${bytes} bytes (${text}); what you type now is sent again`)
      },
    })
  }

  /** Some input has not been sent yet, or a paste is going on. */
  get isBehind(): boolean {
    const waits = this.seat !== undefined && this.#options.console.input.waitingBytes(this.seat) > 0
    return waits || this.#isPaused || this.#gate.isPasting
  }

  /** The client has sent its last byte: no person types. */
  becomeProgram(): void {
    this.#isProgram = true
    if (this.#isPaused) void this.#giveUpHeld()
  }

  /** Whether so many bytes that arrive now belong to a paste. */
  isPasted(bytes: number): boolean {
    return bytes > KEY_BYTES || this.#gate.isPasting
  }

  /** How a paste is paced. */
  get pacing(): Pacing {
    return this.#pacer.pacing
  }

  /** For what is pasted from now on. */
  set pacing(pacing: Pacing) {
    this.#pacer = this.#options.console.input.pacer(pacing)
  }

  /** Drops the rest of a paste, also what is still on its way. @returns a sentence about it */
  stopPaste(seat: Seat): string {
    const { console } = this.#options
    const { sentLines, lines } = this.#pacer.progress
    if (!this.isBehind) return 'no paste is going on'
    const loss: Loss = { kind: 'stopped', text: 'you stopped the paste' }
    const bytes = console.input.discard(seat, loss)
    this.dropRest(loss)
    const far = isPaced(this.pacing) ? `${sentLines} of ${lines} lines were sent, ` : ''
    return `the paste is stopped: ${far}${bytes} bytes were not sent`
  }

  /** What arrives now was typed after the loss. */
  decidedAnew(): void {
    this.#gate.open()
  }

  /** @param isRaw part of a file: neither paced nor dropped because of what was lost before */
  type(seat: Seat, bytes: Buffer, isRaw = false): void {
    const { console, terminal } = this.#options
    const loss = isRaw ? undefined : (this.#gate.came(bytes.length) ?? this.#givenUp)
    const outcome = loss ? 'lost' : console.input.type(seat, bytes, isRaw ? undefined : this.#pacerFor(bytes))
    if (this.#pacer.waitingBytes > 0) void this.#reportPaste(seat)
    switch (outcome) {
      case 'lost':
        this.lose(bytes.length, loss as Loss)
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
        this.lose(bytes.length, { kind: 'observer', text: refusalOf(seat) ?? '' })
        break
      case 'occupied': {
        const occupied = console.keyboard.describeOccupied(seat) ?? 'somebody else types'
        const { takeOverHint, stopTransferHint } = this.#options
        this.#refuse(`not sent: ${occupied}${console.keyboard.transfer ? stopTransferHint : takeOverHint}`)
        this.lose(bytes.length, { kind: 'occupied', text: occupied })
        break
      }
      case 'closed':
        this.#refuse('not sent: the line is closed')
        this.lose(bytes.length, { kind: 'closed', text: 'the line is closed' })
        break
      default:
        outcome satisfies never
    }
  }

  /** Undefined for what a person types. */
  #pacerFor(bytes: Buffer): Pacer | undefined {
    if (!isPaced(this.pacing)) return undefined
    const nowMs = this.#options.clock.nowMs()
    const isPaste = this.#isProgram || this.isPasted(bytes.length)
    const isBehindPaste = this.#pacer.isGoing(nowMs) && !this.#pacer.isStuck(nowMs)
    return isPaste || isBehindPaste ? this.#pacer : undefined
  }

  /** Shows a person how far their paste is, and the others that there is one. */
  async #reportPaste(seat: Seat): Promise<void> {
    if (this.#isReporting) return
    this.#isReporting = true
    const { console, terminal, clock, over, tell, tellProgress, stopHint } = this.#options
    await reportPaste(this.#pacer, {
      ...{ clock, over, who: calledAs(seat) },
      progress: text => terminal.interactive && tellProgress(`${text}${stopHint}`),
      end: text => terminal.interactive && tell(text),
      others: text => console.tellAll(text, seat),
    })
    this.#isReporting = false
  }

  /** Some input was not sent: then the rest of that paste is dropped, and of a program's input everything after it. */
  lose(bytes: number, loss: Loss): void {
    this.ledger.lost(bytes, loss)
    if (this.ledger.loss === undefined || !this.seat || this.seat.viewOnly) return
    if (loss.kind === 'unanswered') this.#options.tell(`paste stopped: ${loss.text}, ${bytes} bytes were not`)
    if (this.#isProgram) void this.#giveUp(loss)
    else if (loss.kind === 'observer') return
    else if (this.#isPaused || this.#gate.isPasting) this.dropRest(loss)
  }

  /** Drops a program's input that waits for the line and does not move. */
  async #giveUpHeld(): Promise<void> {
    if (!this.#isProgram || this.#isWatched || !this.seat) return
    this.#isWatched = true
    await this.#options.console.input.sent(this.seat, this.#options.over)
    this.#isWatched = false
  }

  dropRest(loss: Loss): void {
    this.#gate.close(loss, this.#isPaused)
    this.goOn()
  }

  goOn(): void {
    this.#isPaused = false
    this.#options.terminal.resume()
  }

  /** Ends the session after the rest of a program's input, or a pause in it, so that the rest is counted. */
  async #giveUp(loss: Loss): Promise<void> {
    if (this.#givenUp) return
    this.#givenUp = loss
    this.goOn()
    const { clock } = this.#options
    await within(GIVING_UP_MS, [this.#options.over], signal => this.#pauseOrEnd(signal), { clock })
    this.#options.end()
  }

  async #pauseOrEnd(signal: AbortSignal): Promise<void> {
    let before: string | undefined
    while (!this.hasEnded && !signal.aborted && before !== this.ledger.describe()) {
      before = this.ledger.describe()
      await this.#options.clock.sleep(PAUSE_MS, signal)
    }
  }

  /** Once only: people who watch press keys, too. */
  #refuseObserver(seat: Seat): void {
    const refusal = refusalOf(seat)
    if (this.#toldObserver || refusal === undefined) return
    this.#toldObserver = true
    this.#options.tell(refusal)
  }

  #refuse(text: string): void {
    const nowMs = this.#options.clock.nowMs()
    if (nowMs - this.#refusedAtMs < REFUSAL_MS) return
    this.#refusedAtMs = nowMs
    this.#options.tell(text)
  }
}
