/** How a connection ends: once, with the first cause, and with everything below it closed. */
import type { Duplex } from 'node:stream'
import { printable } from '../../runtime/printable.ts'

export type End =
  | /** By us. */ { kind: 'local' }
  | /** The stream ended, without a reason given. */ { kind: 'closed' }
  | /** The other end did what no SSH server does. */ { kind: 'violation'; what: string }
  | /** The stream gave an error. */ { kind: 'broken'; error: Error }
  | /** The other end said why it ends it (RFC 4253, section 11.1). */ { kind: 'disconnected'; said: string }
  | /** ssh2 gave an error; `level` says where in ssh2 it arose. */ { kind: 'error'; error: Ssh2Error }

export interface Ssh2Error extends Error {
  level?: string
}

export class Ending {
  readonly #controller = new AbortController()
  readonly #stream: Duplex
  #isExpected = false
  #end: End | undefined

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('error', error => this.because({ kind: 'broken', error }))
    // Half a connection is useless, and the other half may never be able to send its data.
    stream.once('end', () => this.because({ kind: 'closed' }))
    stream.once('close', () => this.because({ kind: 'closed' }))
    if (stream.destroyed) this.because({ kind: 'closed' })
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why it is over; undefined as long as it is not. */
  get end(): End | undefined {
    return this.#end
  }

  /** This end has said goodbye: any end from now on counts as ours. */
  expect(): void {
    this.#isExpected = true
  }

  cut(): void {
    this.because({ kind: 'local' })
  }

  because(end: End): void {
    if (this.#end !== undefined) return
    this.#end = this.#isExpected ? { kind: 'local' } : end
    this.#stream.destroy()
    this.#controller.abort()
  }

  /** A sentence part that is safe to show. */
  cause(): string {
    return this.#end === undefined ? 'the connection is open' : causeOf(this.#end)
  }
}

function causeOf(end: End): string {
  switch (end.kind) {
    case 'local':
      return 'this device closed the connection'
    case 'closed':
      return 'the other end closed the connection'
    case 'violation':
      return `the other end breaks the SSH protocol: ${end.what}`
    case 'broken':
      return `the connection broke: ${printable(end.error.message)}`
    case 'disconnected':
      return `the other end closed the connection: ${printable(end.said)}`
    case 'error':
      return `the other end breaks the SSH protocol: ${printable(end.error.message)}`
  }
}

/** What an error event of ssh2's client means. */
export function endOf(error: Ssh2Error): End {
  if (error.level === 'client-socket') return { kind: 'broken', error }
  // A number in `code` is a reason of SSH_MSG_DISCONNECT, and the message is what came with it.
  const isDisconnect = typeof (error as { code?: unknown }).code === 'number'
  return isDisconnect ? { kind: 'disconnected', said: error.message } : { kind: 'error', error }
}
