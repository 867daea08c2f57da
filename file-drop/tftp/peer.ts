/** One socket for one transfer (a TID of RFC 1350): sends to one client, and hears that client alone. */
import { createSocket, type Socket } from 'node:dgram'
import { errorPacket, parsePacket, TFTP_ERROR, type TftpErrorCode, type TftpPacket } from './packets.ts'

/** Packets of the client that wait to be looked at; more than that it sends anew. */
const WAITING_MAX = 64

export class Peer {
  readonly #socket: Socket
  readonly #port: number
  readonly #address: string
  readonly #signal: AbortSignal
  #waiting: TftpPacket[] = []
  #wake: () => void = () => {}
  #failure: Error | undefined
  readonly #onAbort = () => this.#wake()

  private constructor(socket: Socket, { address, port }: { address: string; port: number }, signal: AbortSignal) {
    this.#socket = socket
    this.#port = port
    this.#address = address
    this.#signal = signal
    socket.on('message', (bytes, from) => {
      if (from.address !== address || from.port !== port) {
        const text = 'this port is another transfer’s'
        if (parsePacket(bytes)?.kind !== 'error')
          socket.send(errorPacket(TFTP_ERROR.unknownPeer, text), from.port, from.address, () => {})
        return
      }
      const packet = parsePacket(bytes)
      if (packet === undefined || this.#waiting.length >= WAITING_MAX) return
      this.#waiting.push(packet)
      this.#wake()
    })
    signal.addEventListener('abort', this.#onAbort)
    socket.on('error', err => {
      this.#failure = err
      this.#wake()
    })
  }

  /** @param local the address that the request came to */
  static async open(local: string, client: { address: string; port: number }, signal: AbortSignal): Promise<Peer> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: local, port: 0 }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return new Peer(socket, client, signal)
  }

  send(packet: Buffer): void {
    this.#socket.send(packet, this.#port, this.#address, err => {
      // A network that is gone for a moment: it is sent again like what was lost.
      if (err && (err as NodeJS.ErrnoException).code === 'EMSGSIZE') this.#failure = err
    })
  }

  sendError(code: TftpErrorCode, message: string): void {
    this.send(errorPacket(code, message))
  }

  /** The next packet of the client; undefined when none comes in time, or the transfer is over. @throws what the socket says */
  async next(ms: number): Promise<TftpPacket | undefined> {
    if (this.#failure) throw this.#failure
    const first = this.#waiting.shift()
    if (first !== undefined) return first
    if (this.#signal.aborted) return undefined
    // For each block of a transfer: a signal and a sleep of their own for each would take a small board half of its time.
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    if (this.#failure) throw this.#failure
    return this.#signal.aborted ? undefined : this.#waiting.shift()
  }

  /** After what was sent last is on its way. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    setImmediate(() => this.#socket.close())
  }
}
