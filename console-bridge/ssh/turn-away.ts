/** Disconnects a client before the key exchange, with a message. */
import type { Socket } from 'node:net'
import type { Connection } from 'ssh2'
import { disconnectMessage, uint32 } from './wire.ts'

/** SSH_DISCONNECT_TOO_MANY_CONNECTIONS (RFC 4253, section 11.1). */
const TOO_MANY_CONNECTIONS = 12
/** Bytes that an unencrypted packet's length is a multiple of (RFC 4253, section 6). */
const BLOCK = 8
/** Milliseconds that the client has to read it. */
const READ_MS = 1_000

/** Must be called in the server's `connection` event. Nothing that the client sends is parsed after it. */
export function turnAway(connection: Connection, socket: Socket, text: string): void {
  // ssh2 sends a disconnect without a message; OpenSSH and PuTTY print one.
  ;(connection as unknown as { _protocol: { cleanup(): void } })._protocol.cleanup()
  socket.removeAllListeners('data')
  socket.resume()
  socket.end(disconnect(text))
  const timer = setTimeout(() => socket.destroy(), READ_MS)
  socket.once('close', () => clearTimeout(timer))
}

function disconnect(text: string): Buffer {
  const payload = disconnectMessage(TOO_MANY_CONNECTIONS, text)
  const padding = BLOCK - ((4 + 1 + payload.length + 4) % BLOCK) + 4
  return Buffer.concat([uint32(1 + payload.length + padding), Buffer.from([padding]), payload, Buffer.alloc(padding)])
}
