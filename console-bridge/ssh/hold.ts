/** Makes a client wait before its key exchange: nothing that it sends is parsed until it has a place. */
import type { Socket } from 'node:net'
import type { Connection } from 'ssh2'

/** How ssh2 1.17 parses after the client's identification. Returns where it stopped. */
type Parse = (chunk: Buffer, from: number, to: number) => number

/**
 * Must be called synchronously in the server's `connection` event: the rest of what came with the identification, which
 * may be a whole key exchange, is parsed right after it.
 * @returns a function that lets the client continue
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
