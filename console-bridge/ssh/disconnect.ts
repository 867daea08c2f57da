/** Tells a client that says goodbye from one that is lost; ssh2's server shows both as a close. */
import type { Connection } from 'ssh2'

/** The ssh2 internals that are used here: pinned by the exact version, and by a test with a real client. */
interface Insides {
  _protocol: { _handlers: { DISCONNECT(...args: unknown[]): void } }
}

/** Must be called synchronously in the server's `connection` event. */
export function surfaceDisconnect(connection: Connection): { hasLeft(): boolean } {
  const handlers = (connection as unknown as Insides)._protocol._handlers
  const original = handlers.DISCONNECT
  let left = false
  handlers.DISCONNECT = (...args) => {
    left = true
    original(...args)
  }
  return { hasLeft: () => left }
}
