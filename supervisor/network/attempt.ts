/** One connection to one address, until it has shown an SSH greeting or what is there instead. */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled } from '../../runtime/waiting.ts'
import type { AddressFault } from './dial-failure.ts'
import { readGreeting } from './greeting.ts'

export interface AttemptOptions {
  /** A literal IP address. */
  address: string
  port: number
  clock: Clock
  /** Milliseconds for the TCP connection. */
  synMs: number
  /** When a server that says nothing is spoken to, on the clock. */
  askAtMs: number
  /** Called with the fault that a failure at this moment would be; the last one counts. */
  note(fault: AddressFault): void
  /** Aborted when nobody wants it any more. */
  signal: AbortSignal
}

/** What we say to a server that says nothing. */
const QUESTION = 'SSH-2.0-oobm\r\n'

/**
 * @returns the paused socket, with the greeting in it for whoever reads it next; undefined on a fault or an abort, and the
 *   socket is destroyed then
 */
export async function attempt(options: AttemptOptions): Promise<Socket | undefined> {
  const { clock, synMs, askAtMs, note, signal } = options
  note({ kind: 'no-answer' })
  const over = new AbortController()
  const socket = open(options)
  const hasGreeted = await settled<boolean>(signal, false, settle => {
    const fail = (fault: AddressFault) => {
      if (over.signal.aborted) return
      note(fault)
      settle(false)
    }
    let isConnected = false
    let first: Buffer = Buffer.alloc(0)
    const read = (isOver: boolean) => {
      const found = readGreeting(first, isOver)
      if (found === undefined) return
      if (found !== 'greeting') return fail(found)
      socket.off('data', onData)
      socket.pause()
      socket.unshift(first)
      settle(true)
    }
    const onData = (bytes: Buffer) => {
      first = Buffer.concat([first, bytes])
      note({ kind: 'not-ssh', which: 'other' })
      read(false)
    }
    socket.on('data', onData)
    socket.once('connect', () => {
      isConnected = true
      note({ kind: 'silent' })
    })
    socket.once('error', err => (isConnected ? read(true) : fail(faultOf(err))))
    socket.once('end', () => read(true))
    void clock.sleep(synMs, over.signal).then(() => isConnected || fail({ kind: 'no-answer' }))
    void clock.sleep(Math.max(0, askAtMs - clock.nowMs()), over.signal).then(async () => {
      if (!isConnected || first.length > 0 || over.signal.aborted) return
      const answer = await ask(options, over.signal)
      if (answer && first.length === 0) fail(answer)
    })
  })
  over.abort()
  if (hasGreeted && !signal.aborted) return socket
  socket.destroy()
  return undefined
}

function open({ address, port }: AttemptOptions): Socket {
  const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: false })
  // For ever: an error without a listener ends the process.
  socket.on('error', () => {})
  return socket
}

/** Speaks on a connection of its own to a server that says nothing; undefined where that says nothing either. */
async function ask(options: AttemptOptions, signal: AbortSignal): Promise<AddressFault | undefined> {
  const socket = open(options)
  let first: Buffer = Buffer.alloc(0)
  try {
    return await settled<AddressFault | undefined>(signal, undefined, resolve => {
      const read = (isOver: boolean) => {
        const found = readGreeting(first, isOver)
        if (found === 'greeting') resolve(undefined)
        // Who closes when it is spoken to is no SSH server.
        else if (found) resolve(found.kind === 'closed' ? { kind: 'not-ssh', which: 'other' } : found)
      }
      let isAsked = false
      socket.once('connect', () => {
        socket.write(QUESTION)
        isAsked = true
      })
      socket.on('data', bytes => {
        first = Buffer.concat([first, bytes])
        read(false)
      })
      // A server that closes with our question unread resets the connection: OpenSSL does, for what is no TLS.
      socket.once('error', () => resolve(isAsked ? { kind: 'not-ssh', which: 'other' } : undefined))
      socket.once('end', () => read(true))
    })
  } finally {
    socket.destroy()
  }
}

function faultOf(err: Error): AddressFault {
  switch (errorCode(err)) {
    case 'ETIMEDOUT':
      return { kind: 'no-answer' }
    case 'ECONNREFUSED':
      return { kind: 'refused' }
    case 'ECONNRESET':
      return { kind: 'closed' }
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return { kind: 'no-route' }
    default:
      return { kind: 'local', detail: printable(errorCode(err) ?? errorMessage(err)) }
  }
}
