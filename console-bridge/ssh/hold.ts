/** Lets a client wait before its key exchange: nothing that it sends is worked on until it has a place. */
import type { Socket } from 'node:net'
import type { Connection } from 'ssh2'

/** What ssh2 1.17 parses with, once it has the client's greeting. Returns up to where it has read. */
type Parse = (chunk: Buffer, from: number, to: number) => number

/**
 * Must be called synchronously in the server's `connection` event: the rest of what came with the greeting, which may be a
 * whole key exchange, is parsed right after it.
 * @returns lets it go on
 */
export function hold(connection: Connection, socket: Socket): () => void {
  const protocol = (connection as unknown as { _protocol: { _parse: Parse } })._protocol
  const parse = protocol._parse
  let rest: Buffer | undefined
  protocol._parse = (chunk, from, to) => {
    rest = Buffer.from(chunk.subarray(from, to))
    return to
  }
  socket.pause()
  return () => {
    protocol._parse = parse
    if (rest) socket.unshift(rest)
    socket.resume()
  }
}
