/** A telnet connection as its client has it: data without the protocol, options negotiated, and its end with the cause. */
import type { Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder } from '../../runtime/waiting.ts'
import type { ServedEvents } from '../line-socket/serve-line.ts'
import { Negotiation, type TelnetRole } from '../rfc2217/negotiation.ts'
import { escapeIac, type TelnetEvent, TelnetParser } from '../rfc2217/telnet.ts'
import { reason, untilPeerIsGone } from './tcp.ts'

/** Bytes that wait for the kernel: beyond them the link takes no more. */
const UNSENT_BYTES = 2_048
/** Bytes of answers to the server: one that asks and never reads cannot fill the memory. */
const ANSWERS_BYTES = 65_536
/** Milliseconds between two looks at what waits. */
const DRAIN_LOOK_MS = 20
/** Milliseconds for what was typed last to reach the kernel, when the link is closed. */
const FAREWELL_MS = 1_000
const CR = 0x0d
const NUL = 0x00

export interface TelnetLinkOptions {
  socket: Socket
  role: TelnetRole
  /** Begins to negotiate at once; otherwise when the server does, so that a plain TCP service gets data alone. */
  isEager: boolean
  events: Pick<ServedEvents, 'onData' | 'onClose' | 'isBehind' | 'caughtUp'>
  clock: Clock
  onSubnegotiation?(option: number, bytes: Buffer): void
  /** An option was agreed on, or refused. */
  onOption?(negotiation: Negotiation): void
}

export class TelnetLink {
  readonly #options: TelnetLinkOptions
  readonly #parser = new TelnetParser()
  readonly negotiation: Negotiation
  readonly #over = controllerUnder()
  #speaksTelnet = false

  constructor(options: TelnetLinkOptions) {
    this.#options = options
    this.negotiation = new Negotiation(options.role)
    // Of a server that never negotiates, a NUL after a CR is data.
    this.#parser.isBinary = !options.isEager
    const { socket, clock } = options
    socket.on('data', bytes => this.#take(bytes))
    socket.on('error', err => this.#end(reason(err)))
    socket.on('end', () => this.#end('the server closed the connection'))
    socket.on('close', () => this.#end('the server closed the connection'))
    void untilPeerIsGone(socket, clock, this.#over.signal).then(() => this.#end('the server no longer answers'))
    if (options.isEager) this.#begin()
  }

  /** The end of the link. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** The server has negotiated, so it is no plain TCP service. */
  get speaksTelnet(): boolean {
    return this.#speaksTelnet
  }

  get hasRoom(): boolean {
    return this.#options.socket.writableLength < UNSENT_BYTES
  }

  /** @returns how many it took; 0 when it has no room */
  write(bytes: Buffer): number {
    if (!this.hasRoom) return 0
    const piece = bytes.subarray(0, UNSENT_BYTES)
    const isText = this.#speaksTelnet && !this.negotiation.sendsBinary
    this.#options.socket.write(escapeIac(isText ? withNuls(piece) : piece))
    return piece.length
  }

  /** A command of the protocol, as it is. */
  send(bytes: Buffer): void {
    const { socket } = this.#options
    if (socket.destroyed || bytes.length === 0) return
    if (socket.writableLength > ANSWERS_BYTES) return void this.#end('the server asks and does not read the answers')
    socket.write(bytes)
  }

  /** Resolves when the kernel has everything; never while the server takes nothing. */
  async drained(): Promise<void> {
    const { socket, clock } = this.#options
    // A stream that waits with little says nothing when that is gone, so it is asked.
    while (socket.writableLength > 0 && !this.over.aborted) await clock.sleep(DRAIN_LOOK_MS, this.over)
  }

  close(): void {
    const { socket, clock } = this.#options
    this.#over.abort()
    socket.destroySoon()
    // A peer that reads nothing would hold the connection for ever, and with it perhaps the only place at its port.
    const closed = new AbortController()
    socket.once('close', () => closed.abort())
    void clock.sleep(FAREWELL_MS, closed.signal).then(() => socket.destroy())
  }

  #begin(): void {
    this.send(this.negotiation.begin())
  }

  #take(bytes: Buffer): void {
    if (this.over.aborted) return
    const { events } = this.#options
    const answers: Buffer[] = []
    for (const event of this.#parser.feed(bytes)) {
      const answer = this.#handle(event)
      if (answer) answers.push(answer)
    }
    this.send(Buffer.concat(answers))
    if (events.isBehind()) void this.#wait()
  }

  /** Until the bridge has read: a target that floods it waits. */
  async #wait(): Promise<void> {
    const { socket, events } = this.#options
    socket.pause()
    await events.caughtUp()
    socket.resume()
  }

  #handle(event: TelnetEvent): Buffer | undefined {
    const { events, onSubnegotiation, onOption } = this.#options
    switch (event.kind) {
      case 'data':
        events.onData(event.bytes)
        return undefined
      case 'option': {
        const isFirst = !this.#speaksTelnet
        this.#speaksTelnet = true
        const answer = this.negotiation.answer(event.verb, event.option)
        this.#parser.isBinary = this.negotiation.isBinary
        onOption?.(this.negotiation)
        return isFirst ? Buffer.concat([answer ?? Buffer.of(), this.negotiation.begin()]) : answer
      }
      case 'subnegotiation':
        onSubnegotiation?.(event.option, event.bytes)
        return undefined
      case 'break':
        // Of a server it means nothing.
        return undefined
      default:
        return event satisfies never
    }
  }

  #end(cause: string): void {
    if (this.over.aborted) return
    this.close()
    this.#options.events.onClose(cause)
  }
}

/** A CR that no LF follows goes out as CR NUL (RFC 854, "The NVT printer and keyboard"). */
function withNuls(bytes: Buffer): Buffer {
  if (!bytes.includes(CR)) return bytes
  return Buffer.from([...bytes].flatMap((byte, at) => (byte === CR && bytes[at + 1] !== 0x0a ? [CR, NUL] : [byte])))
}
