/** A connection for unit tests: each question has the answer that the test gives it, and none by default. */
import { setMaxListeners } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { settled } from '../../../runtime/waiting.ts'
import type { Activity, Answer, Arrival, Connection, Execution } from '../connection.ts'

/** By the whole question (`listen 20100`) or its first part; undefined is no answer, as from a relay that hangs. */
export type Answers = Record<string, (question: string) => unknown>

const NONE = { ok: false as const, cause: 'no answer in time' }

export class ScriptedConnection implements Connection {
  localAddress: string | undefined = '192.0.2.1'
  /** What was asked: `exec evict`, `listen 20100`. */
  readonly asked: string[] = []
  readonly answers: Answers
  active: Activity = { receivedAtMs: 0, receivedBytes: 0, sentBytes: 0, unsentBytes: 0 }
  #take: ((arrival: Arrival) => void) | undefined
  readonly #closed = new AbortController()

  constructor(answers: Answers = {}) {
    this.answers = answers
    // As many as there are channels.
    setMaxListeners(0, this.closed)
  }

  exec = (command: string, signal: AbortSignal) => this.#ask<Answer<Execution>>(`exec ${command}`, signal, NONE)
  open = (port: number, signal: AbortSignal) => this.#ask<Answer<Duplex>>(`open ${port}`, signal, NONE)
  listen = (port: number, signal: AbortSignal) =>
    this.#ask<'granted' | 'refused' | 'unanswered'>(`listen ${port}`, signal, 'unanswered')
  unlisten = (port: number, signal: AbortSignal) =>
    this.#ask<'cancelled' | 'refused' | 'unanswered'>(`unlisten ${port}`, signal, 'unanswered')
  ping = (signal: AbortSignal) => this.#ask<number | undefined>('ping', signal, undefined)

  onArrival(take: (arrival: Arrival) => void): void {
    this.#take = take
  }

  /** Somebody comes to a listener; gives the person's end, and whether they were let in. */
  arrive(port: number): { person: Duplex; fate: () => 'accepted' | 'rejected' | undefined } {
    const [person, channel] = ends()
    let fate: 'accepted' | 'rejected' | undefined
    const settle = (how: 'accepted' | 'rejected') => {
      if (fate !== undefined) throw new Error(`${fate} before`)
      fate = how
      return channel
    }
    this.#take?.({ port, accept: () => settle('accepted'), reject: () => void settle('rejected') })
    return { person, fate: () => fate }
  }

  activity = (): Activity => this.active
  closeCause = () => 'the other end closed the connection'

  get closed(): AbortSignal {
    return this.#closed.signal
  }

  async end(signal: AbortSignal): Promise<void> {
    if (!this.closed.aborted) await this.#ask<unknown>('end', signal, undefined)
    this.destroy()
  }

  destroy(): void {
    this.#closed.abort()
  }

  #ask<T>(question: string, signal: AbortSignal, otherwise: T): Promise<T> {
    this.asked.push(question)
    if (this.closed.aborted) return Promise.resolve(otherwise)
    const answer = this.answers[question] ?? this.answers[question.split(' ')[0] ?? '']
    const given = answer?.(question)
    return settled<T>(AbortSignal.any([signal, this.closed]), otherwise, settle => {
      if (given !== undefined) void Promise.resolve(given).then(value => settle(value as T))
    })
  }
}

/** The two ends of a channel or of a socket: when one is closed, the other is, too. */
export function ends(): [Duplex, Duplex] {
  const [one, other] = duplexPair()
  one.once('close', () => other.destroy())
  other.once('close', () => one.destroy())
  return [one, other]
}

/** A command that runs: its answer to `exec`, and the other end of its channel. */
export function execution(said = '', code: number | undefined | Promise<number | undefined> = 0) {
  const [stream, far] = duplexPair()
  if (said !== '') far.write(said)
  const answer: Answer<Execution> = { ok: true, value: { stream, exited: Promise.resolve(code) } }
  return { answer, far }
}

/** For a command that says so much and ends. */
export function says(said: string, code: number | undefined = 0): Answer<Execution> {
  const { answer, far } = execution(said, code)
  far.end()
  return answer
}

/** All that follows from what was done has happened. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
}
