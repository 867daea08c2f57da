/** One SSH connection of the simulated world; every answer can come, come late or wrong, fail, or never come. */
import { setMaxListeners } from 'node:events'
import type { Rung } from '../../../transport/way.ts'
import type { Activity, Answer, Arrival, Connection, Execution } from '../../ssh/connection.ts'
import type { FakeClock } from './fake-clock.ts'
import { FakeStream } from './fake-stream.ts'

/**
 * How the next answers come. `hangs` breaks even the promise to settle when aborted, and so does `too late`: a login that
 * is there when nobody waits for it any more; for other calls it is `never`.
 */
export type Mood = 'answers' | 'late' | 'too late' | 'wrong' | 'fails' | 'closes' | 'never' | 'hangs'

/** What a connection needs of the relay that it leads to, and of what lies between. */
export interface Surroundings {
  relay: {
    forwards: boolean
    isFrozen: boolean
    isOff: boolean
    listens: boolean
    frees: boolean
    holderOf(port: number): FakeConnection | undefined
    evictAllBut(mine: FakeConnection): number
  }
  world: {
    readonly clock: FakeClock
    passes(connection: FakeConnection): boolean
    deliver(over: FakeConnection[], arrive: () => void): void
    greet(stream: FakeStream, isWrong: boolean): void
    nextMood(): Mood
  }
}

export class FakeConnection implements Connection {
  readonly localAddress: string | undefined
  readonly relay: Surroundings['relay']
  readonly #world: Surroundings['world']
  readonly #closed = new AbortController()
  readonly #streams = new Set<FakeStream>()
  /** Ports of the relay that lead here. */
  readonly holds = new Set<number>()
  /** Nothing gets through on it any more, and it will never know: its flow was forgotten on the way. */
  isLost = false
  /** The relay has ended its side; the device does not know while nothing gets through. */
  isEvicted = false
  /** The device has asked that no eviction ends it. */
  isSpared = false
  control: FakeStream | undefined
  /** The way by which it came about; undefined inside another connection. */
  rung: Rung | undefined
  #receivedAtMs: number
  #cause = 'the other end closed the connection'
  #take: (arrival: Arrival) => void = ({ reject }) => reject()

  constructor({ world, relay }: Surroundings, localAddress: string) {
    this.#world = world
    this.relay = relay
    this.localAddress = localAddress
    this.#receivedAtMs = world.clock.nowMs()
    setMaxListeners(0, this.#closed.signal)
  }

  get closed(): AbortSignal {
    return this.#closed.signal
  }

  get openStreams(): number {
    return this.#streams.size
  }

  closeCause = () => this.#cause

  // A real clock goes on between two looks at it: what was received just now is newer than what was noted just now.
  activity = (): Activity => ({
    receivedAtMs: this.#receivedAtMs + 0.001,
    receivedBytes: 0,
    sentBytes: 0,
    unsentBytes: 0,
  })

  onArrival(take: (arrival: Arrival) => void): void {
    this.#take = take
  }

  /** Somebody comes in by that listener; gives their channel. */
  enter(port: number): FakeStream {
    const stream = this.#stream()
    this.#take({ port, accept: () => stream.asDuplex, reject: () => void stream.destroy() })
    stream.say(Buffer.from('SSH-2.0-person\r\n'))
    return stream
  }

  ping = (signal: AbortSignal) => {
    const startedMs = this.#world.clock.nowMs()
    return this.#ask<number | undefined>(signal, undefined, settle => settle(this.#world.clock.nowMs() - startedMs))
  }

  listen = (port: number, signal: AbortSignal) =>
    this.#ask<'granted' | 'refused' | 'unanswered'>(signal, 'unanswered', settle => {
      const holder = this.relay.holderOf(port)
      if (holder !== undefined && holder !== this) return settle('refused')
      this.holds.add(port)
      settle('granted')
    })

  unlisten = (port: number, signal: AbortSignal) =>
    this.#ask<'cancelled' | 'refused' | 'unanswered'>(signal, 'unanswered', settle => {
      if (this.relay.frees) settle(this.holds.delete(port) ? 'cancelled' : 'refused')
    })

  open = (port: number, signal: AbortSignal) =>
    this.#ask<Answer<FakeStream['asDuplex']>>(signal, { ok: false, cause: 'no answer in time' }, (settle, isWrong) => {
      const holder = this.relay.holderOf(port)
      if (holder === undefined) return settle({ ok: false, cause: 'nothing answers there' })
      const stream = this.#stream()
      stream.leadsTo = { world: this.#world, end: port % 2 === 0 ? 'shell' : 'console', by: [this, holder] }
      settle({ ok: true, value: stream.asDuplex })
      if (!this.relay.forwards) return
      this.deliver(() => this.#world.greet(stream, isWrong), holder)
    })

  exec = (command: string, signal: AbortSignal) =>
    this.#ask<Answer<Execution>>(signal, { ok: false, cause: 'no answer in time' }, (settle, isWrong) => {
      const stream = this.#stream(text => this.#asked(stream, text))
      settle({ ok: true, value: { stream: stream.asDuplex, exited: Promise.resolve(0) } })
      if (isWrong) return stream.say('what?\n'.repeat(70))
      if (command === 'evict') return stream.say(`evicted ${this.relay.evictAllBut(this)}\n`)
      this.control = stream
      if (this.relay.isOff) stream.say('maintenance off\n')
      stream.say('claimed\n')
    })

  end = async (signal: AbortSignal): Promise<void> => {
    if (!signal.aborted) this.close('this device closed the connection')
  }

  destroy(): void {
    this.close('this device closed the connection')
  }

  /** The connection ends at this end; the relay's side stays while nothing gets through. */
  close(cause: string): void {
    if (this.#closed.signal.aborted) return
    this.#cause = cause
    for (const stream of this.#streams) stream.destroy()
    this.#closed.abort()
    if (this.#world.passes(this)) this.isEvicted = true
  }

  /** The relay says whether maintenance is off; TCP keeps the order, so what arrives last is what holds. */
  sayMaintenance(): void {
    if (this.closed.aborted || !this.control) return
    this.deliver(() => this.control?.say(`maintenance ${this.relay.isOff ? 'off' : 'on'}\n`))
  }

  /** Calls back once it has come through, now or when the path is back; never on a lost flow. */
  deliver(arrive: () => void, ...over: FakeConnection[]): void {
    this.#world.deliver([this, ...over], () => {
      this.#receivedAtMs = this.#world.clock.nowMs()
      if (!this.closed.aborted) arrive()
    })
  }

  #asked(stream: FakeStream, text: string): void {
    const question = text.trim()
    if (question.startsWith('spare ')) {
      this.deliver(() => {
        this.isSpared = question === 'spare yes'
      })
    }
    if (question === 'others') this.deliver(() => stream.say('others none\n'))
    if (question === 'listening') this.deliver(() => stream.say(`listening ${this.relay.listens ? 'yes' : 'no'}\n`))
  }

  #stream(onWrite?: (text: string) => void): FakeStream {
    const stream = new FakeStream(onWrite)
    this.#streams.add(stream)
    stream.once('close', () => this.#streams.delete(stream))
    return stream
  }

  #ask<T>(
    signal: AbortSignal,
    otherwise: T,
    answer: (settle: (value: T) => void, isWrong: boolean) => void,
  ): Promise<T> {
    const mood = this.#world.nextMood()
    if (mood === 'hangs') return new Promise(() => {})
    if (signal.aborted || this.closed.aborted) return Promise.resolve(otherwise)
    return new Promise(resolve => {
      const settle = (value: T) => {
        signal.removeEventListener('abort', onAbort)
        this.closed.removeEventListener('abort', onAbort)
        resolve(value)
      }
      const onAbort = () => settle(otherwise)
      signal.addEventListener('abort', onAbort)
      this.closed.addEventListener('abort', onAbort)
      if (mood === 'closes') return this.close('the other end closed the connection')
      if (mood === 'never' || mood === 'too late') return
      const arrive = () => {
        if (mood === 'fails') settle(otherwise)
        else answer(settle, mood === 'wrong')
      }
      if (mood === 'late') this.#world.clock.at(this.#world.clock.nowMs() + 12_000, () => this.deliver(arrive))
      else this.deliver(arrive)
    })
  }
}
