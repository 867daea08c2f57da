/** The ways to a relay: which interface carries the connection, and what SSH is wrapped in. */
import { RUNGS } from '../formats/ways-out.ts'

/**
 * What SSH is wrapped in, the simplest first: nothing; TLS, to the same port of the relay; TLS through an HTTP proxy
 * (CONNECT, RFC 9110, section 9.3.6).
 */
export type Rung = (typeof RUNGS)[number]
export { RUNGS }

/** One way to a relay, as it is asked for. */
export interface Via {
  /** The one interface that carries it; undefined for the default route. */
  interface?: string
  rung: Rung
}

/** What a TLS server showed. It proves nothing: the host key of the SSH server inside decides. */
export interface Certificate {
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  fingerprint: string
  /** Who issued it, as text of a stranger. */
  issuer: string
}

/** One way to a relay, as it was gone. */
export interface Way extends Via {
  /** The HTTP proxy on it, as `host:port`. */
  proxy?: string
  /** The prefix of the network's NAT64 through which an IPv4 address is reached (RFC 6052). */
  nat64?: string
  certificate?: Certificate
}

/** An HTTP proxy on the way out. */
export interface HttpProxy {
  host: string
  port: number
  user?: string
  password?: string
}
