/** An authenticated SSH connection as the rest of the supervisor sees it: answers as values, and every call settles. */
import type { Duplex } from 'node:stream'

/** The result of a call: its value, or why there is none, as part of a sentence that is safe to show. */
export type Answer<T> = { ok: true; value: T } | { ok: false; cause: string }

/** A command that runs at the other end. */
export interface Execution {
  /** Its standard input and output; standard error is thrown away. */
  stream: Duplex
  /** Its exit code when the channel has closed; undefined when it had none. Settles with the connection at the latest. */
  exited: Promise<number | undefined>
}

/** Somebody has connected to one of our listeners at the other end. */
export interface Arrival {
  /** The listener's port. */
  port: number
  accept(): Duplex
  reject(): void
}

export interface Activity {
  /** When the last byte was received, on the clock that `connect` was given. */
  receivedAtMs: number
  receivedBytes: number
  /** Handed to the network. */
  sentBytes: number
  /** Written and not yet taken by the network. A fall is a sign of life: the other end acknowledges. */
  unsentBytes: number
}

/**
 * Every call takes a signal and settles when it is aborted, also when it was before; on a connection that has closed every
 * call settles at once. No call rejects or throws.
 */
export interface Connection {
  /** The address of this end; undefined for a connection inside another one. */
  readonly localAddress: string | undefined
  /** RFC 4254, section 6.5. */
  exec(command: string, signal: AbortSignal): Promise<Answer<Execution>>
  /** A direct-tcpip channel to 127.0.0.1:port at the other end (RFC 4254, section 7.2). */
  open(port: number, signal: AbortSignal): Promise<Answer<Duplex>>
  /** tcpip-forward of 127.0.0.1:port (RFC 4254, section 7.1). sshd says "refused" for a port that is taken and for one that is not permitted. */
  listen(port: number, signal: AbortSignal): Promise<'granted' | 'refused' | 'unanswered'>
  /** cancel-tcpip-forward; sshd refuses what is not there, or not there any more. */
  unlisten(port: number, signal: AbortSignal): Promise<'cancelled' | 'refused' | 'unanswered'>
  /** Milliseconds of a round trip to the SSH server; undefined without an answer. */
  ping(signal: AbortSignal): Promise<number | undefined>
  /** Handles new channels from now on; without a handler each is rejected. */
  onArrival(take: (arrival: Arrival) => void): void
  activity(): Activity
  /** Aborted when the connection is gone, for whatever reason; `closeCause` then says why. */
  readonly closed: AbortSignal
  closeCause(): string
  /** Says goodbye and waits for the other end until the signal is aborted, then cuts. Repeated calls do no harm. */
  end(signal: AbortSignal): Promise<void>
  /** Cuts at once. */
  destroy(): void
}

/** What a client proves itself with. */
export interface Credentials {
  privateKey?: string
  passphrase?: string
  password?: string
  /** Whose they are, for people, where they are not this device's own: `its userdata`. */
  of?: string
  /** By the account of this process alone: the method `none` (RFC 4252, section 5.2). */
  account?: true
}

/** Why there is no connection. `kind` is for decisions, `detail` for people: printable, without names of addresses. */
export interface Fault {
  kind: /** Another host key than the pinned ones; `detail` is its fingerprint. Nothing was sent. */
    | 'host-key'
    /** The host key was right; the login was not accepted, or none was offered. */
    | 'authentication'
    /** No common host key type, key exchange or cipher. */
    | 'algorithms'
    /** Not an SSH server, or one that breaks the protocol. */
    | 'not-ssh'
    /** It greeted, then said nothing until the signal was aborted. */
    | 'silent'
    /** It closed the connection, or the connection broke. */
    | 'closed'
    /** Our own private key cannot be used. */
    | 'own-key'
  detail: string
}

export interface ConnectOptions {
  /** What to speak over: a socket, or a channel of another connection. */
  stream: Duplex
  localAddress?: string
  user: string
  /** None to end at the login: the fault `authentication` then means that the host key was right. */
  credentials?: Credentials
  /** Pinned public keys, each as type and base64; no other is accepted. */
  hostKeys: readonly string[]
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
  nowMs(): number
  /** Aborted at the deadline of the login. No effect on an established connection. */
  signal: AbortSignal
}

export type Connect = (
  options: ConnectOptions,
) => Promise<{ ok: true; connection: Connection } | { ok: false; fault: Fault }>
