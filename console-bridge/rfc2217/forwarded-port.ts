/**
 * A console as a serial port that somebody's program opens: raw, or with telnet and its com port option (RFC 2217).
 *
 * What the program sends is sent whole, or the port closes: it has no other way to learn of a loss.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { controllerUnder, OVER, within } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss } from '../console/loss.ts'
import type { Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { HowEnded, Seat } from '../console/seat.ts'
import { Ledger } from '../session/ledger.ts'
import type { Terminal, TerminalInput } from '../session/terminal.ts'
import { ComPortServer } from './com-port-server.ts'
import { ConsoleComPort } from './console-com-port.ts'
import { Negotiation } from './negotiation.ts'
import { escapeIac, OPTION, type TelnetEvent, TelnetParser } from './telnet.ts'

export type PortKind = NonNullable<Person['port']>

export interface ForwardedPortOptions {
  console: Console
  person: Person
  kind: PortKind
  /** The channel; its notes are not used. */
  terminal: Terminal
  clock: Clock
  log: Logger
  /** The end of the program. */
  signal: AbortSignal
}

interface Telnet {
  parser: TelnetParser
  options: Negotiation
}

/** Bytes of output at a time. */
const CHUNK_BYTES = 16_384
/** Answers in one write. */
const ANSWERS_BOUND = 1_000
/** Milliseconds between two looks at the modem lines. */
const MODEM_MS = 1_000
/** Milliseconds that the line may take to go back to what it was. */
const RESTORE_MS = 15_000

export class ForwardedPort implements TerminalInput {
  readonly #options: ForwardedPortOptions
  readonly #ending: ReturnType<typeof controllerUnder>
  readonly #ledger = new Ledger()
  /** Undefined for raw bytes. */
  readonly #telnet: Telnet | undefined
  #seat: Seat | undefined
  #port: ConsoleComPort | undefined
  #server: ComPortServer | undefined
  /** What the client reads next, in the scrollback. */
  #position: number
  #isSuspended = false
  /** A purge drops input that is not lost to the client. */
  #isPurging = false
  #isFull = false
  #tellsModem = false
  #isDismissed = false
  #hasEnded = false
  #answers: Buffer[] = []
  #wakeOutput: () => void = () => {}
  #onRoom: () => void = () => {}
  #cause = 'the client closed it'
  #running: Promise<string> | undefined

  constructor(options: ForwardedPortOptions) {
    this.#options = options
    this.#ending = controllerUnder(options.signal, options.terminal.gone)
    this.#position = options.console.scrollback.end
    this.#telnet = options.kind === 'RFC 2217' ? { parser: new TelnetParser(), options: new Negotiation() } : undefined
  }

  /** Runs until the client closes, or its input cannot be sent. @returns why it ended */
  run(): Promise<string> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<string> {
    const { console, person, kind, terminal, clock, signal } = this.#options
    const seat = console.attach({ ...person, port: kind }, false, {
      onOutput: () => this.#wakeOutput(),
      onNotice: () => {},
      onRoom: () => {
        this.#onRoom()
        if (!console.state.open) this.#end(`the line is closed: ${console.state.cause}`)
      },
      onSent: bytes => this.#ledger.sent(bytes),
      onLost: (bytes, loss) => this.#lose(bytes, loss),
      onOthersBreak: loss => this.#isFull && this.#lose(0, loss),
      onDismissed: text => {
        this.#isDismissed = true
        this.#end(text)
        return this.run()
      },
    })
    this.#seat = seat
    if (this.#telnet) {
      this.#port = new ConsoleComPort({
        ...{ console, seat, clock, signal, over: this.#ending.signal },
        onPurgeReceived: () => {
          this.#position = console.scrollback.end
        },
        onPurgeSent: () => {
          this.#isPurging = true
          console.purge(seat)
          this.#isPurging = false
        },
        onSuspend: on => {
          this.#isSuspended = on
          this.#wakeOutput()
        },
      })
      this.#server = new ComPortServer(this.#port)
      await terminal.write(this.#telnet.options.begin())
    }
    try {
      await this.#show()
    } finally {
      await within(RESTORE_MS, [], async () => this.#port?.restore(), { clock })
      this.#seat = undefined
      console.leave(seat, this.#how)
      this.#ending.release()
    }
    if (signal.aborted) return 'the console bridge is stopping'
    const account = this.#ledger.describe()
    return account === undefined ? this.#cause : account
  }

  onTyped(bytes: Buffer): void {
    const { terminal, log } = this.#options
    terminal.pause()
    void this.#take(bytes)
      .catch(err => {
        log.error({ err }, 'forwarded port failed')
        this.#end('a defect')
      })
      .finally(() => terminal.resume())
  }

  onLastSent(): void {}

  /** The client has closed, or will send no more: an SSH client cannot tell which. All that it sent is sent first. */
  onEnd(): void {
    const { console } = this.#options
    this.#hasEnded = true
    const sent = this.#seat ? console.sent(this.#seat, this.#ending.signal) : Promise.resolve()
    void sent.then(() => this.#end(this.#cause))
  }

  get #how(): HowEnded {
    const { signal, terminal } = this.#options
    if (signal.aborted) return 'stopped'
    if (this.#isDismissed) return 'dismissed'
    return terminal.gone.aborted && !this.#hasEnded ? 'disconnected' : 'left'
  }

  async #take(bytes: Buffer): Promise<void> {
    if (!this.#telnet) return this.#send(bytes)
    for (const event of this.#telnet.parser.feed(bytes)) {
      if (this.#ending.signal.aborted) return
      const answer = await this.#handle(event, this.#telnet)
      if (answer) this.#answers.push(answer)
      if (this.#answers.length >= ANSWERS_BOUND) await this.#sendAnswers()
    }
    await this.#sendAnswers()
  }

  /** Together: each packet of SSH costs native memory that only the next garbage collection gives back. */
  async #sendAnswers(): Promise<void> {
    const answers = this.#answers
    this.#answers = []
    if (answers.length > 0) await this.#options.terminal.write(Buffer.concat(answers))
  }

  /** @returns what is answered */
  async #handle(event: TelnetEvent, { parser, options }: Telnet): Promise<Buffer | undefined> {
    const { console, signal } = this.#options
    switch (event.kind) {
      case 'data':
        await this.#send(event.bytes)
        return undefined
      case 'option': {
        const answer = options.answer(event.verb, event.option)
        parser.isBinary = options.isBinary
        if (options.hasComPort) void this.#tellModemLines()
        return answer
      }
      case 'subnegotiation': {
        const isComPort = event.option === OPTION.comPort && options.hasComPort
        return isComPort ? this.#server?.handle(event.bytes) : undefined
      }
      case 'break':
        if (this.#seat) await console.sendBreak(this.#seat, undefined, signal)
        return undefined
      default:
        return event satisfies never
    }
  }

  /** Resolves when there is room for more. */
  async #send(bytes: Buffer): Promise<void> {
    const { console } = this.#options
    const seat = this.#seat
    if (!seat || this.#ending.signal.aborted) return
    seat.touch()
    const outcome = console.type(seat, bytes)
    switch (outcome) {
      case 'taken':
        return
      case 'full':
        return this.#waitForRoom(seat)
      case 'observer':
        return this.#lose(bytes.length, { kind: 'observer', text: refusalOf(seat) ?? '' })
      case 'occupied': {
        const text = console.describeOccupied(seat) ?? 'somebody else types'
        return this.#lose(bytes.length, { kind: 'occupied', text })
      }
      case 'closed':
        return this.#lose(bytes.length, { kind: 'closed', text: 'the line is closed' })
      default:
        outcome satisfies never
    }
  }

  /** What the line does not take for too long is lost, as for a session. */
  async #waitForRoom(seat: Seat): Promise<void> {
    const { console } = this.#options
    const wait = controllerUnder(this.#ending.signal)
    await this.#sendAnswers()
    this.#isFull = true
    this.#onRoom = () => console.hasRoom(seat) && wait.abort(OVER)
    await console.sent(seat, wait.signal)
    this.#onRoom = () => {}
    this.#isFull = false
    wait.release()
  }

  #lose(bytes: number, loss: Loss): void {
    if (this.#isPurging) return
    this.#ledger.lost(bytes, loss)
    if (this.#ledger.loss) this.#end(loss.text)
  }

  #end(cause: string): void {
    if (this.#ending.signal.aborted) return
    this.#cause = cause
    this.#ending.abort(OVER)
  }

  /** Writes the output, until the end. */
  async #show(): Promise<void> {
    const { console, terminal } = this.#options
    const over = this.#ending.signal
    const wake = () => this.#wakeOutput()
    over.addEventListener('abort', wake)
    while (!over.aborted) {
      const { bytes, missedBytes, next } = this.#isSuspended
        ? { bytes: Buffer.of(), missedBytes: 0, next: this.#position }
        : console.scrollback.read(this.#position, CHUNK_BYTES)
      if (missedBytes > 0) {
        this.#end(`the client was too slow: it missed ${missedBytes} bytes`)
        break
      }
      this.#position = next
      if (bytes.length > 0) {
        await terminal.write(this.#telnet ? escapeIac(bytes) : bytes)
        continue
      }
      await new Promise<void>(resolve => {
        this.#wakeOutput = resolve
      })
    }
    over.removeEventListener('abort', wake)
  }

  async #tellModemLines(): Promise<void> {
    const { terminal, clock } = this.#options
    const over = this.#ending.signal
    if (this.#tellsModem) return
    this.#tellsModem = true
    let isFirst = true
    while (!over.aborted) {
      const server = this.#server
      if (isFirst || server?.wantsModemNotices) {
        const notice = await server?.modemNotice(isFirst)
        if (notice && !over.aborted) await terminal.write(notice)
      }
      isFirst = false
      await clock.sleep(MODEM_MS, over)
    }
  }
}
