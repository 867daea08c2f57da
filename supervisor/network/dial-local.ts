/** A TCP connection to a port of this device itself. */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled } from '../../runtime/waiting.ts'
import type { Answer } from '../ssh/connection.ts'

/** The same as a port: what needs it takes it as an argument. */
export type DialLocal = (port: number, signal: AbortSignal) => Promise<Answer<Duplex>>

/**
 * @param localAddress of this end; 127.0.0.1 when left out
 * @returns a paused socket; on an abort or a failure, none is left
 */
export async function dialLocal(port: number, signal: AbortSignal, localAddress?: string): Promise<Answer<Socket>> {
  if (signal.aborted) return { ok: false, cause: TIMEOUT }
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    autoSelectFamily: false,
    ...(localAddress && { localAddress }),
  })
  // For ever: an error without a listener ends the process.
  socket.on('error', () => {})
  const cause = await settled<string | undefined>(signal, TIMEOUT, settle => {
    socket.once('connect', () => settle(undefined))
    socket.once('error', err => settle(causeOf(err)))
  })
  if (cause === undefined && !signal.aborted) return { ok: true, value: socket }
  socket.destroy()
  return { ok: false, cause: cause ?? TIMEOUT }
}

const TIMEOUT = 'no answer in time'

function causeOf(err: Error): string {
  return errorCode(err) === 'ECONNREFUSED' ? 'nothing listens there' : printable(errorMessage(err))
}
