/** What ssh2's server does wrong or lacks in the login (RFC 4252, RFC 8308, RFC 8332). */
import type { AuthContext, Connection } from 'ssh2'
import { disconnectMessage, string, uint32 } from './wire.ts'

/** The ssh2 internals that are used here: pinned by the exact version, and by tests with real clients. */
interface Insides {
  _protocol: {
    _onHandshakeComplete(...args: unknown[]): void
    _kex: { remoteExtInfoEnabled: boolean }
    _packetRW: { write: { allocStart: number; alloc(payloadBytes: number): Buffer; finalize(packet: Buffer): Buffer } }
    _cipher: { encrypt(packet: Buffer): void }
  }
}

/** Message numbers: RFC 4250, section 4.1.2. */
const MESSAGE = { extInfo: 7, banner: 53 }
/** SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE (RFC 4250, section 4.2.2). */
const NO_MORE_METHODS = 14

/** ssh2's own list joins two of these names, so that clients find neither, and includes SHA-1 and DSA. */
const SIGNATURES = [
  'ssh-ed25519',
  ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ...['rsa-sha2-512', 'rsa-sha2-256'],
].join(',')

/**
 * Tells clients which signatures are accepted. Must be called synchronously in the server's `connection` event.
 * RFC 8308, section 2.4: the list goes right after the first key exchange, and only to a client that asked for it.
 */
export function tellSignatures(connection: Connection): void {
  const { _protocol: protocol } = connection as unknown as Insides
  const complete = protocol._onHandshakeComplete
  let isFirst = true
  protocol._onHandshakeComplete = (...args) => {
    if (isFirst && protocol._kex.remoteExtInfoEnabled) {
      send(
        connection,
        Buffer.concat([Buffer.from([MESSAGE.extInfo]), uint32(1), string('server-sig-algs'), string(SIGNATURES)]),
      )
    }
    isFirst = false
    protocol._kex.remoteExtInfoEnabled = false
    complete(...args)
  }
}

/**
 * Answers that a key is acceptable. ssh2 answers `ssh-rsa` for RSA with SHA-2, and clients that compare it with their
 * request give up (RFC 4252, section 7: the algorithm name from the request).
 */
export function acceptKey(context: Extract<AuthContext, { method: 'publickey' }>): void {
  if (context.hashAlgo !== undefined) context.key.algo = `rsa-sha2-${context.hashAlgo.slice('sha'.length)}`
  context.accept()
}

/** Shows a line to the person before the login (RFC 4252, section 5.4). */
export function sendBanner(connection: Connection, text: string): void {
  send(connection, Buffer.concat([Buffer.from([MESSAGE.banner]), string(`${text}\r\n`), string('')]))
}

/** Ends the connection with a message, which ssh2's `end` lacks. */
export function endLogin(connection: Connection, text: string): void {
  send(connection, disconnectMessage(NO_MORE_METHODS, text))
  connection.end()
}

/** Never called during a key exchange: before the login, a second one ends the connection. */
function send(connection: Connection, payload: Buffer): void {
  const { _packetRW: packets, _cipher: cipher } = (connection as unknown as Insides)._protocol
  const packet = packets.write.alloc(payload.length)
  packet.set(payload, packets.write.allocStart)
  cipher.encrypt(packets.write.finalize(packet))
}
