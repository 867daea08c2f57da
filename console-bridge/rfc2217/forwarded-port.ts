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
import { ConsoleComPort } from './console-com-port.ts'
import { escapeIac } from './telnet.ts'
import { TelnetSide } from './telnet-side.ts'

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

/** Bytes of output at a time. */
const CHUNK_BYTES = 16_384
/** Milliseconds that the line may take to go back to what it was. */
const RESTORE_MS = 15_000

export class ForwardedPort implements TerminalInput {
  readonly #options: ForwardedPortOptions
  readonly #ending: ReturnType<typeof controllerUnder>
  readonly #ledger = new Ledger()
  #seat: Seat | undefined
  /** Both undefined for raw bytes. */
  #port: ConsoleComPort | undefined
  #telnet: TelnetSide | undefined
  /** What the client reads next, in the scrollback. */
  #position: number
  #isSuspended = false
  /** A purge drops input that is not lost to the client. */
  #isPurging = false
  #isFull = false
  #isDismissed = false
  #hasEnded = false
  #wakeOutput: () => void = () => {}
  #onRoom: () => void = () => {}
  #cause = 'the client closed it'
  #running: Promise<string> | undefined

  constructor(options: ForwardedPortOptions) {
    this.#options = options
    this.#ending = controllerUnder(options.signal, options.terminal.gone)
    this.#position = options.console.scrollback.end
  }

  /** Runs until the client closes, or its input cannot be sent. @returns why it ended */
  run(): Promise<string> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<string> {
    const { console, person, kind, clock, signal } = this.#options
    const seat = console.sessions.attach({ ...person, port: kind }, false, {
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
    if (kind === 'RFC 2217') this.#speakTelnet(seat)
    try {
      await this.#telnet?.begin()
      await this.#show()
    } finally {
      await within(RESTORE_MS, [], async () => this.#port?.restore(), { clock })
      this.#seat = undefined
      console.sessions.leave(seat, this.#how)
      this.#ending.release()
    }
    if (signal.aborted) return 'the console bridge is stopping'
    const account = this.#ledger.describe()
    return account === undefined ? this.#cause : account
  }

  #speakTelnet(seat: Seat): void {
    const { console, terminal, clock, signal } = this.#options
    const over = this.#ending.signal
    const port = new ConsoleComPort({
      ...{ console, seat, clock, signal, over },
      onPurgeReceived: () => {
        this.#position = console.scrollback.end
      },
      onPurgeSent: () => {
        this.#isPurging = true
        console.input.purge(seat)
        this.#isPurging = false
      },
      onSuspend: on => {
        this.#isSuspended = on
        this.#wakeOutput()
      },
    })
    this.#port = port
    this.#telnet = new TelnetSide({
      ...{ port, clock, over },
      write: bytes => terminal.write(bytes),
      onData: bytes => this.#send(bytes),
      onBreak: () => console.breaks.send(seat, undefined, signal),
    })
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
    const sent = this.#seat ? console.input.sent(this.#seat, this.#ending.signal) : Promise.resolve()
    void sent.then(() => this.#end(this.#cause))
  }

  get #how(): HowEnded {
    const { signal, terminal } = this.#options
    if (signal.aborted) return 'stopped'
    if (this.#isDismissed) return 'dismissed'
    return terminal.gone.aborted && !this.#hasEnded ? 'disconnected' : 'left'
  }

  async #take(bytes: Buffer): Promise<void> {
    await (this.#telnet ? this.#telnet.take(bytes) : this.#send(bytes))
  }

  /** Resolves when there is room for more. */
  async #send(bytes: Buffer): Promise<void> {
    const { console } = this.#options
    const seat = this.#seat
    if (!seat || this.#ending.signal.aborted) return
    seat.touch()
    const outcome = console.input.type(seat, bytes)
    switch (outcome) {
      case 'taken':
        return
      case 'full':
        return this.#waitForRoom(seat)
      case 'observer':
        return this.#lose(bytes.length, { kind: 'observer', text: refusalOf(seat) ?? '' })
      case 'occupied': {
        const text = console.keyboard.describeOccupied(seat) ?? 'somebody else types'
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
    await this.#telnet?.sendAnswers()
    this.#isFull = true
    this.#onRoom = () => console.input.hasRoom(seat) && wait.abort(OVER)
    await console.input.sent(seat, wait.signal)
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
}
