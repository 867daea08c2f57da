/** An authenticated ssh2 client as a `Connection`. */
import { setMaxListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import type { AcceptConnection, Client, ClientChannel, RejectConnection, TcpConnectionDetails } from 'ssh2'
import { errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { whenAborted } from '../../runtime/waiting.ts'
import { answered } from './answered.ts'
import { ArrivedChannels } from './arrived-channels.ts'
import { ChannelStream, closedStream } from './channel-stream.ts'
import type { Activity, Answer, Arrival, Connection, Execution } from './connection.ts'
import type { Ending } from './ending.ts'
import { guardErrors, isExchangingKeys } from './guard.ts'
import type { Traffic } from './traffic.ts'

/** The literal address: sshd matches it as text against its permits, and `localhost` may bind ::1 alone. */
const LOOPBACK = '127.0.0.1'
/** A port that we never ask for: sshd answers FAILURE to its cancellation, in 36 bytes for our 68. */
const PING_PORT = 9
/** Arrivals at a time, answered or not. Who takes them decides how many are answered, since each of those has a descriptor. */
const ARRIVALS_MAX = 1_000

interface Parts {
  client: Client
  stream: Duplex
  traffic: Traffic
  ending: Ending
  localAddress: string | undefined
  nowMs(): number
}

export class ClientConnection implements Connection {
  readonly localAddress: string | undefined
  readonly closed: AbortSignal
  readonly #client: Client
  readonly #stream: Duplex
  readonly #traffic: Traffic
  readonly #ending: Ending
  readonly #nowMs: () => number
  /** Channel writes that wait until the stream takes more. */
  readonly #waiting: (() => void)[] = []
  /** Questions for a listener that wait for their answer, by port. */
  readonly #asked = new Map<number, Set<(answer: 'granted' | 'refused') => boolean>>()
  #arrivals = 0
  readonly #arrived = new ArrivedChannels()
  #take: ((arrival: Arrival) => void) | undefined

  constructor({ client, stream, traffic, ending, localAddress, nowMs }: Parts) {
    this.#client = client
    this.#stream = stream
    this.#traffic = traffic
    this.#ending = ending
    this.#nowMs = nowMs
    this.localAddress = localAddress
    this.closed = ending.signal
    setMaxListeners(0, this.closed)
    stream.on('drain', () => this.#writeWaiting())
    client.on('handshake', () => this.#writeWaiting())
    client.on('tcp connection', (details, accept, reject) => this.#arrive(details, accept, reject))
    void whenAborted(this.closed).then(() => this.#waiting.splice(0))
  }

  exec(command: string, signal: AbortSignal): Promise<Answer<Execution>> {
    return this.#answer<Execution>(signal, settle => {
      this.#client.exec(command, (err, channel) => {
        if (err) return void settle(refusal(err))
        const stream = this.#streamOf(channel)
        if (!settle({ ok: true, value: { stream, exited: stream.exited } })) stream.destroy()
      })
    })
  }

  open(port: number, signal: AbortSignal): Promise<Answer<Duplex>> {
    return this.#answer<Duplex>(signal, settle => {
      this.#client.forwardOut(LOOPBACK, 0, LOOPBACK, port, (err, channel) => {
        if (err) return void settle(refusal(err))
        const stream = this.#streamOf(channel)
        if (!settle({ ok: true, value: stream })) stream.destroy()
      })
    })
  }

  listen(port: number, signal: AbortSignal): Promise<'granted' | 'refused' | 'unanswered'> {
    const asked = this.#asked.get(port) ?? new Set()
    this.#asked.set(port, asked)
    return answered<'granted' | 'refused' | 'unanswered'>(
      [signal, this.closed],
      () => 'unanswered',
      settle => {
        asked.add(settle)
        this.#client.forwardIn(LOOPBACK, port, err => {
          asked.delete(settle)
          if (this.closed.aborted) return
          const answer = err ? 'refused' : 'granted'
          if (settle(answer) || answer === 'refused') return
          // This listener is no longer needed: it goes to the next request for the same port, or is cancelled.
          if (![...asked].some(other => other('granted'))) this.#cancel(port, () => {})
        })
      },
    )
  }

  unlisten(port: number, signal: AbortSignal): Promise<'cancelled' | 'refused' | 'unanswered'> {
    return answered<'cancelled' | 'refused' | 'unanswered'>(
      [signal, this.closed],
      () => 'unanswered',
      // ssh2 also calls back when the connection ends.
      settle => this.#cancel(port, err => !this.closed.aborted && settle(err ? 'refused' : 'cancelled')),
    )
  }

  ping(signal: AbortSignal): Promise<number | undefined> {
    const startedMs = this.#nowMs()
    return answered<number | undefined>(
      [signal, this.closed],
      () => undefined,
      settle =>
        this.#client.unforwardIn(LOOPBACK, PING_PORT, () => {
          // ssh2 also calls back when the connection ends.
          if (!this.closed.aborted) settle(this.#nowMs() - startedMs)
        }),
    )
  }

  onArrival(take: (arrival: Arrival) => void): void {
    this.#take = take
  }

  activity(): Activity {
    return this.#traffic.activity()
  }

  closeCause(): string {
    return this.#ending.cause()
  }

  async end(signal: AbortSignal): Promise<void> {
    if (!this.closed.aborted) {
      this.#ending.expect()
      this.#client.end()
      await whenAborted(this.closed, signal)
    }
    this.destroy()
  }

  destroy(): void {
    this.#ending.cut()
  }

  #answer<T>(signal: AbortSignal, start: (settle: (value: Answer<T>) => boolean) => void): Promise<Answer<T>> {
    return answered<Answer<T>>(
      [signal, this.closed],
      err => {
        if (err !== undefined) return { ok: false, cause: printable(errorMessage(err)) }
        return { ok: false, cause: this.closed.aborted ? this.closeCause() : 'no answer in time' }
      },
      start,
    )
  }

  #cancel(port: number, answer: (err: Error | undefined | null) => void): void {
    try {
      this.#client.unforwardIn(LOOPBACK, port, answer as () => void)
    } catch {
      // The connection ends: its listeners end with it.
      answer(new Error('not connected'))
    }
  }

  #streamOf(channel: ClientChannel): ChannelStream {
    guardErrors(channel)
    const stream = new ChannelStream(channel, go => this.#whenWritable(go))
    const cut = () => stream.destroy()
    if (this.closed.aborted) cut()
    this.closed.addEventListener('abort', cut)
    stream.once('close', () => this.closed.removeEventListener('abort', cut))
    return stream
  }

  #arrive({ destPort }: TcpConnectionDetails, accept: AcceptConnection<ClientChannel>, reject: RejectConnection): void {
    if (this.#take === undefined || this.#arrivals >= ARRIVALS_MAX) {
      reject()
      return
    }
    this.#arrivals++
    let isOpen = true
    const decide = () => {
      const mayDecide = isOpen && !this.closed.aborted
      isOpen = false
      return mayDecide
    }
    this.#take({
      port: destPort,
      accept: () => {
        if (!decide()) return closedStream()
        const channel = accept()
        channel.once('close', () => this.#arrivals--)
        const stream = this.#streamOf(channel)
        this.#arrived.add(channel, stream)
        return stream
      },
      reject: () => {
        if (!decide()) return
        this.#arrivals--
        reject()
      },
    })
  }

  /** ssh2 writes whatever the other end's window allows, whether the network takes it or not. */
  #whenWritable(go: () => void): void {
    if (this.#waiting.length === 0 && this.#isWritable()) go()
    else this.#waiting.push(go)
  }

  #writeWaiting(): void {
    while (this.#waiting.length > 0 && this.#isWritable()) this.#waiting.shift()?.()
  }

  #isWritable(): boolean {
    return !this.#stream.writableNeedDrain && !isExchangingKeys(this.#client)
  }
}

/** Reasons of RFC 4254, section 5.1, where sshd says nothing more. */
const REASONS: Record<number, string> = {
  1: 'it is not permitted',
  2: 'nothing answers there',
  3: 'the server does not know this kind of channel',
  4: 'the server is short of resources',
}

function refusal(err: Error): { ok: false; cause: string } {
  const { reason } = err as Error & { reason?: unknown }
  const said = printable(err.message.replace(/^\(SSH\) Channel open failure: /, ''))
  const known = typeof reason === 'number' ? REASONS[reason] : undefined
  return { ok: false, cause: known === undefined ? said : said === '' ? known : `${known} (${said})` }
}
