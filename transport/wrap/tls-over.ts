/** TLS around a stream, as a wrapper that networks let through: it proves nothing, the SSH host key inside does. */
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled } from '../../runtime/waiting.ts'
import type { AddressFault } from '../dial-failure.ts'
import type { Certificate } from '../way.ts'
import type { Approach, Approached } from './approach.ts'

export interface TlsOptions {
  /** Name or address of the server: what it is asked for (SNI, RFC 6066, section 3), and what its certificate must name. */
  host: string
  /**
   * Certificates of the authorities that must have issued the server's, in PEM; undefined where it is not verified: a board
   * may not know the time, and a network that opens TLS shows certificates of its own.
   */
  authorities: string | undefined
  /** The service that is asked for (ALPN, RFC 7301), where the server has several; it must say that it has that. */
  service?: string | undefined
}

/** Characters of an issuer that are kept. */
const ISSUER_MAX = 120

export function tlsOver(below: Approach, options: TlsOptions): Approach {
  return async target => {
    const opened = await below(target)
    if (!opened.ok) return opened
    target.note({ kind: 'tls', detail: 'it does not answer' })
    const { stream, localAddress } = opened
    const secure = start(stream, options)
    const fault = (await handshake(secure, stream, target.signal)) ?? serviceFault(secure, options)
    if (fault === undefined) return { ok: true, stream: secure, localAddress, certificate: certificateOf(secure) }
    secure.destroy()
    stream.destroy()
    return { ok: false, fault } satisfies Approached
  }
}

function start(stream: Duplex, { host, authorities, service }: TlsOptions): TLSSocket {
  const secure = connect({
    socket: stream,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(service !== undefined && { ALPNProtocols: [service] }),
    rejectUnauthorized: authorities !== undefined,
    // Without verification none is needed, so that Node's own list is not loaded.
    ca: authorities ?? [],
    minVersion: 'TLSv1.2',
  })
  // For ever: an error without a listener ends the process.
  secure.on('error', () => {})
  secure.once('close', () => stream.destroy())
  stream.once('close', () => secure.destroy())
  return secure
}

/** Undefined when it is done. */
function handshake(secure: TLSSocket, stream: Duplex, signal: AbortSignal): Promise<AddressFault | undefined> {
  const silent: AddressFault = { kind: 'tls', detail: 'it does not answer' }
  return settled<AddressFault | undefined>(signal, silent, settle => {
    secure.once('secureConnect', () => settle(undefined))
    secure.once('error', err => settle(faultOf(err)))
    for (const part of [secure, stream]) part.once('close', () => settle({ kind: 'tls', detail: CLOSED }))
    if (stream.destroyed) settle({ kind: 'tls', detail: CLOSED })
  })
}

/** Otherwise whoever asks for one service would be led to another, and be warned of its host key. */
function serviceFault(secure: TLSSocket, { service }: TlsOptions): AddressFault | undefined {
  if (service === undefined || secure.alpnProtocol === service) return undefined
  return { kind: 'tls', detail: `it does not lead to "${service}" within TLS` }
}

const CLOSED = 'it closes the connection'
/** What OpenSSL says of bytes that are no TLS: an SSH greeting, or HTTP. */
const NO_TLS =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|UNSUPPORTED_PROTOCOL)$/
/** X.509 errors, as Node names them (tls, "X509 certificate error codes"), and a name that does not fit. */
const CERTIFICATE = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/

function faultOf(err: Error): AddressFault {
  const code = errorCode(err) ?? ''
  if (NO_TLS.test(code)) return { kind: 'no-tls' }
  if (CERTIFICATE.test(code) && !code.startsWith('ERR_SSL_'))
    return { kind: 'certificate', detail: printable(errorMessage(err), 200) }
  if (code === 'ECONNRESET' || code === 'EPIPE') return { kind: 'tls', detail: CLOSED }
  return { kind: 'tls', detail: printable(code || errorMessage(err), 200) }
}

function certificateOf(secure: TLSSocket): Certificate {
  const { fingerprint256 = '', issuer = {} } = secure.getPeerCertificate() as Partial<
    ReturnType<TLSSocket['getPeerCertificate']>
  >
  const { O: organization, CN: name } = issuer as Record<string, string | string[] | undefined>
  return {
    fingerprint: fingerprint256,
    issuer: printable([organization, name].flat().filter(Boolean).join(', '), ISSUER_MAX),
  }
}
