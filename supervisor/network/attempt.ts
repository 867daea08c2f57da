/** One connection to one address, until it has shown an SSH greeting or what is there instead. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../runtime/clock.ts'
import { settled } from '../../runtime/waiting.ts'
import type { AddressFault } from './dial-failure.ts'
import { readGreeting } from './greeting.ts'
import type { Approach, ApproachedStream } from './wrap/approach.ts'

export interface AttemptOptions {
  /** How a stream to it comes about. */
  approach: Approach
  /** A literal IP address. */
  address: string
  port: number
  clock: Clock
  /** When a server that says nothing is spoken to, on the clock. */
  askAtMs: number
  /** Called with the fault that a failure at this moment would be; the last one counts. */
  note(fault: AddressFault): void
  /** Aborted when nobody wants it any more. */
  signal: AbortSignal
}

/** What we say to a server that says nothing. */
const QUESTION = 'SSH-2.0-oobm\r\n'
/** How a stream says that nothing more comes; one that is destroyed without an error says `close` alone. */
const OVER = ['error', 'end', 'close'] as const

/**
 * @returns the paused stream, with the greeting in it for whoever reads it next; undefined on a fault or an abort, and no
 *   stream is left then
 */
export async function attempt(options: AttemptOptions): Promise<ApproachedStream | undefined> {
  const { approach, address, port, note, signal } = options
  note({ kind: 'no-answer' })
  const opened = await approach({ address, port, note, signal })
  if (signal.aborted && opened.ok) opened.stream.destroy()
  if (signal.aborted) return undefined
  if (!opened.ok) {
    note(opened.fault)
    return undefined
  }
  note({ kind: 'silent' })
  const { ok: _, ...approached } = opened
  if (await greets(approached.stream, options)) return approached
  approached.stream.destroy()
  return undefined
}

/** Reads until the greeting is there, and puts it back. */
async function greets(stream: Duplex, options: AttemptOptions): Promise<boolean> {
  const { clock, askAtMs, note, signal } = options
  const over = new AbortController()
  let first: Buffer = Buffer.alloc(0)
  let onData = (_: Buffer) => {}
  let onOver = () => {}
  const hasGreeted = await settled<boolean>(signal, false, settle => {
    const fail = (fault: AddressFault) => {
      if (over.signal.aborted) return
      note(fault)
      settle(false)
    }
    const read = (isOver: boolean) => {
      const found = readGreeting(first, isOver)
      if (found === 'greeting') settle(true)
      else if (found) fail(found)
    }
    onData = bytes => {
      first = Buffer.concat([first, bytes])
      note({ kind: 'not-ssh', which: 'other' })
      read(false)
    }
    onOver = () => read(true)
    for (const event of OVER) stream.once(event, onOver)
    stream.on('data', onData)
    if (stream.destroyed) onOver()
    void clock.sleep(Math.max(0, askAtMs - clock.nowMs()), over.signal).then(async () => {
      if (first.length > 0 || over.signal.aborted) return
      const answer = await ask(options, over.signal)
      if (answer && first.length === 0) fail(answer)
    })
  })
  over.abort()
  for (const event of OVER) stream.off(event, onOver)
  stream.off('data', onData)
  stream.pause()
  if (!hasGreeted || signal.aborted) return false
  stream.unshift(first)
  return true
}

/** Speaks on a connection of its own to a server that says nothing; undefined where that says nothing either. */
async function ask(options: AttemptOptions, signal: AbortSignal): Promise<AddressFault | undefined> {
  const { approach, address, port } = options
  const opened = await approach({ address, port, note: () => {}, signal })
  if (!opened.ok) return undefined
  const { stream } = opened
  let first: Buffer = Buffer.alloc(0)
  try {
    return await settled<AddressFault | undefined>(signal, undefined, resolve => {
      const read = (isOver: boolean) => {
        const found = readGreeting(first, isOver)
        if (found === 'greeting') resolve(undefined)
        // Who closes when it is spoken to is no SSH server.
        else if (found) resolve(found.kind === 'closed' ? { kind: 'not-ssh', which: 'other' } : found)
      }
      stream.on('data', bytes => {
        first = Buffer.concat([first, bytes])
        read(false)
      })
      // A server that closes with our question unread resets the connection: OpenSSL does, for what is no TLS.
      stream.once('error', () => resolve({ kind: 'not-ssh', which: 'other' }))
      for (const event of ['end', 'close']) stream.once(event, () => read(true))
      stream.write(QUESTION)
    })
  } finally {
    stream.destroy()
  }
}
