/**
 * The port on which this folder stands: a byte stream to a literal address, over the default route or over one interface.
 *
 * Everything above it (the race of addresses, the greeting, whatever wraps SSH) is the same for each implementation:
 * `tcp-stream.ts` is the one of the default route.
 */
import type { Duplex } from 'node:stream'
import type { AddressFault } from './dial-failure.ts'
import type { Lookup } from './names.ts'

export interface StreamTarget {
  /** A literal IPv4 or IPv6 address. */
  address: string
  port: number
  /** Aborted at the deadline, and when nobody wants the stream any more. */
  signal: AbortSignal
}

export interface OpenedStream {
  /**
   * Nothing was read from it: the first byte of the other end is the first that a reader gets, and an end or an error that
   * comes before somebody listens shows as `destroyed`. It has an `error` listener for ever, because an error without one ends
   * the process; it has backpressure, and sends what is written to it at once. `destroy()` frees all that it is made of.
   */
  stream: Duplex
  /** The local address of its TCP connection; '' where it is not known. */
  localAddress: string
}

export type Opened = ({ ok: true } & OpenedStream) | { ok: false; fault: AddressFault }

/**
 * Settles when the TCP connection is established, not before, and does not wait for a byte. Never rejects. An abort, also one
 * before the call, settles it (with any fault) and leaves nothing behind; an abort after it has settled changes nothing.
 */
export type OpenStream = (target: StreamTarget) => Promise<Opened>

/** All that the dialler needs of a way into the network. */
export interface NetworkPath {
  open: OpenStream
  /** Names, asked over the same interface. The dialler runs one lookup at a time. */
  lookup: Lookup
  /** Whether IPv6 leads out by it, and IPv4 does not. */
  isIPv6Only(): boolean
  /** Which network it is in; undefined while that is not known. */
  network(): string | undefined
}
