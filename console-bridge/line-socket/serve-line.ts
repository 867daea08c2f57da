/** A line for the console bridge at the other end of a socket: the line program's end. One connection is one opening. */
import type { Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import { controllerUnder, settled, whenAborted } from '../../runtime/waiting.ts'
import type { Line, LineEvents, LineSettings } from '../line/line.ts'
import { dataFrames, FrameError, FrameParser, messageFrame } from './frames.ts'
import {
  type Answer,
  ASKS_BOUND,
  type Ask,
  askSchema,
  CAUSE_BOUND,
  LINE_PROTOCOL,
  readMessage,
  type Tell,
  WINDOW_BYTES,
} from './messages.ts'

/** Milliseconds between two tries to write to a line without room. */
const RETRY_MS = 20
/** Bytes for the bridge that wait here before the target is no longer read. */
const UNREAD_BYTES = 262_144
/**
 * Bytes per second from the target: several times what a serial line of 921600 bit/s brings. A target that floods would
 * otherwise cost the board its processor, and the card hundreds of gigabytes a day.
 */
const TARGET_BYTES_PER_SECOND = 262_144
/** Milliseconds of that rate which may come at once. */
const BURST_MS = 1_000

export interface ServedEvents extends LineEvents {
  /** The target speaks faster than the bridge reads, or than a line may. */
  isBehind(): boolean
  /** Resolves when it is no longer behind, or gone. */
  caughtUp(): Promise<void>
}

export interface ServeOptions {
  /**
   * @param signal the end of this opening
   * @throws what the bridge is told as the cause
   */
  open(settings: LineSettings, events: ServedEvents, signal: AbortSignal): Promise<Line>
  clock: Clock
  /** The end of the program. */
  signal: AbortSignal
}

/** How an opening ended. `cause` is undefined where the bridge ended it. */
export interface Served {
  opened: boolean
  cause: string | undefined
}

/** Resolves when this opening is over, with the line closed. */
export function serveLine(socket: Socket, options: ServeOptions): Promise<Served> {
  return new LineServer(socket, options).run()
}

class LineServer {
  readonly #socket: Socket
  readonly #options: ServeOptions
  readonly #over: ReturnType<typeof controllerUnder>
  readonly #parser = new FrameParser()
  readonly #events: ServedEvents
  #line: Line | undefined
  #aheadMs = 0
  #heardAtMs = 0
  #opening: Promise<void> | undefined
  #cause: string | undefined
  /** From the bridge, not taken by the line yet. */
  #queue = Buffer.alloc(0)
  #isPumping = false
  #asked = 0
  readonly #whenTaken = new Set<() => void>()

  constructor(socket: Socket, options: ServeOptions) {
    this.#socket = socket
    this.#options = options
    this.#over = controllerUnder(options.signal)
    this.#events = {
      onData: bytes => {
        this.#aheadMs = this.#aheadNowMs() + (bytes.length * 1_000) / TARGET_BYTES_PER_SECOND
        this.#heardAtMs = options.clock.nowMs()
        if (!socket.destroyed) socket.write(dataFrames(bytes))
      },
      onHeld: held => this.#tell({ tell: 'held', held }),
      onClose: cause => this.#end(cause),
      isBehind: () => !socket.destroyed && (socket.writableLength > UNREAD_BYTES || this.#aheadNowMs() > BURST_MS),
      caughtUp: async () => {
        if (socket.writableLength > UNREAD_BYTES)
          await settled<void>(this.#over.signal, undefined, settle => socket.once('drain', () => settle()))
        await options.clock.sleep(Math.max(0, this.#aheadNowMs() - BURST_MS / 2), this.#over.signal)
      },
    }
  }

  /** Milliseconds by which the target is ahead of its rate. */
  #aheadNowMs(): number {
    return Math.max(0, this.#aheadMs - (this.#options.clock.nowMs() - this.#heardAtMs))
  }

  async run(): Promise<Served> {
    const { signal } = this.#over
    this.#socket.on('error', () => this.#end())
    this.#socket.on('close', () => this.#end())
    this.#socket.on('data', bytes => this.#take(bytes))
    await whenAborted(signal)
    this.#over.release()
    // One that opens late, after all, is closed then.
    await this.#opening?.catch(() => {})
    await this.#line?.close()
    this.#socket.end()
    this.#socket.destroySoon()
    return { opened: this.#line !== undefined, cause: this.#cause }
  }

  #take(bytes: Buffer): void {
    try {
      for (const frame of this.#parser.feed(bytes)) {
        if (frame.kind === 'data') this.#keep(frame.bytes)
        else this.#hear(readMessage(askSchema, frame.text))
      }
    } catch (err) {
      if (!(err instanceof FrameError)) throw err
      this.#end('the console bridge sent what is no frame')
    }
  }

  #keep(bytes: Buffer): void {
    if (this.#queue.length + bytes.length > WINDOW_BYTES)
      return void this.#end('the console bridge sent more than it may')
    this.#queue = Buffer.concat([this.#queue, bytes])
    void this.#pump()
  }

  /** Hands on what the bridge sent, as the line takes it. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#line && this.#queue.length > 0 && !this.#over.signal.aborted) {
      try {
        const taken = this.#line.write(this.#queue)
        if (taken > 0) this.#took(taken)
        else await this.#options.clock.sleep(RETRY_MS, this.#over.signal)
      } catch (err) {
        this.#end(errorMessage(err))
      }
    }
    this.#isPumping = false
  }

  #took(bytes: number): void {
    this.#queue = this.#queue.subarray(bytes)
    this.#tell({ tell: 'taken', bytes })
    if (this.#queue.length > 0) return
    for (const settle of this.#whenTaken) settle()
    this.#whenTaken.clear()
  }

  #hear(ask: Ask | undefined): void {
    if (ask === undefined)
      return void this.#end('the console bridge speaks another protocol: after an upgrade, restart it')
    if (this.#asked >= ASKS_BOUND) return void this.#end('the console bridge asks more than it may')
    this.#asked++
    void this.#answer(ask)
  }

  async #answer(ask: Ask): Promise<void> {
    const done: Answer = await this.#do(ask).catch(err => ({ refused: errorMessage(err).slice(0, CAUSE_BOUND) }))
    this.#asked--
    const now = this.#line && { settings: this.#line.settings, outputs: this.#line.outputs }
    this.#tell({ tell: 'answer', id: ask.id, ...now, ...done })
    if (ask.ask === 'open' && done.refused !== undefined) this.#end(done.refused)
  }

  /** @throws why it was not done */
  async #do(ask: Ask): Promise<Answer> {
    if (ask.ask === 'open') {
      await this.#openWith(ask.protocol, ask.settings)
      return {}
    }
    const line = this.#line
    if (!line) throw new UserError('the line is not open')
    switch (ask.ask) {
      case 'set':
        await line.set(ask.settings)
        break
      case 'outputs':
        await line.setModemLines(ask.outputs)
        break
      case 'break':
        await line.setBreak(ask.on)
        break
      case 'modem': {
        const modem = await line.modemLines()
        return modem ? { modem } : {}
      }
      case 'drain':
        await this.#untilTaken()
        await line.drain()
        break
      case 'discard':
        if (this.#queue.length > 0) this.#took(this.#queue.length)
        await line.discard()
        break
      case 'release':
        await line.release()
        break
      default:
        ask satisfies never
    }
    return {}
  }

  async #openWith(protocol: number, settings: LineSettings): Promise<void> {
    if (this.#opening) throw new UserError('the line is open already')
    if (protocol !== LINE_PROTOCOL) throw new UserError('its program is of another version: restart it')
    this.#opening = this.#options.open(settings, this.#events, this.#over.signal).then(line => {
      this.#line = line
    })
    await this.#opening
    void this.#pump()
  }

  async #untilTaken(): Promise<void> {
    if (this.#queue.length === 0) return
    await settled<void>(this.#over.signal, undefined, settle => this.#whenTaken.add(settle))
  }

  #tell(message: Tell): void {
    if (!this.#socket.destroyed) this.#socket.write(messageFrame(message))
  }

  #end(cause?: string): void {
    if (this.#over.signal.aborted) return
    this.#cause = cause
    if (cause !== undefined) this.#tell({ tell: 'closed', cause: cause.slice(0, CAUSE_BOUND) })
    this.#over.abort()
  }
}
