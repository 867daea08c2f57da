/** Asks a client for an answer, which separates what it sent before from what it sends after; ssh2's server cannot. */
import type { Connection } from 'ssh2'
import { settled } from '../../runtime/waiting.ts'

/** The ssh2 internals that are used here: pinned by the exact version, and by a test with a real client. */
interface Insides {
  _protocol: {
    /** Sends the global request `keepalive@openssh.com`, the only one that the server sends. */
    ping(): void
    _handlers: Partial<Record<'REQUEST_SUCCESS' | 'REQUEST_FAILURE', (...args: unknown[]) => void>>
  }
}

/**
 * Must be called synchronously in the server's `connection` event, before the first keepalive is sent.
 * @returns a function that resolves once the client has answered. Clients answer in order (RFC 4254, section 4), so
 *   everything that they sent before has arrived then.
 */
export function surfaceRoundTrips(connection: Connection): (signal: AbortSignal) => Promise<void> {
  const { _protocol: protocol } = connection as unknown as Insides
  const ping = protocol.ping.bind(protocol)
  let asked = 0
  let answered = 0
  const waiting = new Map<number, () => void>()
  const onAnswer = () => {
    waiting.get(++answered)?.()
    waiting.delete(answered)
  }
  // Keepalives are answered in the same order, so they are counted too.
  protocol.ping = () => {
    asked++
    ping()
  }
  protocol._handlers.REQUEST_SUCCESS = onAnswer
  protocol._handlers.REQUEST_FAILURE = onAnswer
  return signal =>
    settled<void>(signal, undefined, settle => {
      protocol.ping()
      waiting.set(asked, () => settle())
    })
}
