/** A TCP connection by node:net, over whatever route the kernel chooses. */
import { connect } from 'node:net'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import { printable } from '../runtime/printable.ts'
import { settled } from '../runtime/waiting.ts'
import type { AddressFault } from './dial-failure.ts'
import type { Opened, OpenStream } from './open-stream.ts'

const NO_ANSWER: Opened = { ok: false, fault: { kind: 'no-answer' } }

export const openTcpStream: OpenStream = async ({ address, port, signal }) => {
  if (signal.aborted) return NO_ANSWER
  const stream = connect({ host: address, port, noDelay: true, autoSelectFamily: false })
  // For ever: an error without a listener ends the process.
  stream.on('error', () => {})
  const opened = await settled<Opened>(signal, NO_ANSWER, settle => {
    stream.once('connect', () => settle({ ok: true, stream, localAddress: stream.localAddress ?? '' }))
    stream.once('error', err => settle({ ok: false, fault: faultOf(err) }))
  })
  if (!opened.ok) stream.destroy()
  return opened
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
