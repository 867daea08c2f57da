/** One connection to one address, until it has shown an SSH greeting or what is there instead. */
import type { Duplex } from 'node:stream'
import { settled } from '../runtime/waiting.ts'
import type { AddressFault } from './dial-failure.ts'
import { readGreeting } from './greeting.ts'
import type { Approach, ApproachedStream } from './wrap/approach.ts'

export interface AttemptOptions {
  /** How a stream to it comes about. */
  approach: Approach
  /** A literal IP address. */
  address: string
  port: number
  /** What is said to it first, as a line; nothing where it is empty. */
  hello: string
  /** Called with the fault that a failure at this moment would be; the last one counts. */
  note(fault: AddressFault): void
  /** Aborted when nobody wants it any more. */
  signal: AbortSignal
}

/** How a stream says that nothing more comes; one that is destroyed without an error says `close` alone. */
const OVER = ['error', 'end', 'close'] as const

/**
 * @returns the paused stream, with the greeting in it for whoever reads it next, who need not repeat ours; undefined on a fault or an abort, and no
 *   stream is left then
 */
export async function attempt(options: AttemptOptions): Promise<ApproachedStream | undefined> {
  const { approach, address, port, hello, note, signal } = options
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
  // At once, as both may (RFC 4253, section 4.2): what shares a port by the first byte, and servers of HTTP and TLS, wait for it.
  if (hello !== '') approached.stream.write(hello)
  if (await greets(approached.stream, options)) {
    dropFirstWrite(approached.stream, hello)
    return approached
  }
  approached.stream.destroy()
  return undefined
}

/** Reads until the greeting is there, and puts it back. */
async function greets(stream: Duplex, { note, signal }: Pick<AttemptOptions, 'note' | 'signal'>): Promise<boolean> {
  let first: Buffer = Buffer.alloc(0)
  let onData = (_: Buffer) => {}
  let onOver = () => {}
  const hasGreeted = await settled<boolean>(signal, false, settle => {
    const fail = (fault: AddressFault) => {
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
  })
  for (const event of OVER) stream.off(event, onOver)
  stream.off('data', onData)
  stream.pause()
  if (!hasGreeted || signal.aborted) return false
  stream.unshift(first)
  return true
}

/** The SSH client that takes the stream over begins with what was sent already. */
function dropFirstWrite(stream: Duplex, said: string): void {
  const write = stream.write
  let isFirst = true
  stream.write = ((...args: Parameters<typeof write>) => {
    const isRepeated = isFirst && String(args[0]) === said
    isFirst = false
    return isRepeated || write.apply(stream, args)
  }) as typeof write
}
