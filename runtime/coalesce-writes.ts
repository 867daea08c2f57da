/** Makes one TCP segment of what is written to a socket in one go. */
import type { Socket } from 'node:net'

/**
 * ssh2 writes one packet in three pieces (length, payload, authentication tag). With TCP_NODELAY these are three segments,
 * a relay passes them on as three channel packets, and Nagle's algorithm (RFC 1122, section 4.2.3.4) at its sshd holds the
 * second back until the first is acknowledged: 40 ms for a keystroke. Corked until the end of the present tick, they are one.
 */
export function coalesceWrites(socket: Socket): void {
  const write = socket.write
  let corked = false
  socket.write = function coalesced(this: Socket, ...args: Parameters<typeof write>) {
    if (!corked) {
      corked = true
      socket.cork()
      process.nextTick(() => {
        corked = false
        socket.uncork()
      })
    }
    return write.apply(socket, args)
  } as typeof write
}
