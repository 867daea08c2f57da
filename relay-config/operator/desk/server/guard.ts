/** Which requests the desk answers at all: those of its own page, by the headers that a browser sets itself; pure. */

/** The header in which the page sends the session's secret. A form of another site cannot set one (Fetch standard, CORS). */
export const SECRET_HEADER = 'x-oobm-desk'
/** The WebSocket subprotocol, and how the secret is sent beside it (RFC 6455, section 1.9). */
export const SUBPROTOCOL = 'oobm-desk'
const SECRET_PROTOCOL = /^oobm-desk\.([0-9a-f]+)$/

export interface Asked {
  method: string
  host: string | undefined
  origin: string | undefined
  /** Sec-Fetch-Site; older browsers have none. */
  site: string | undefined
}

/**
 * A name that leads to 127.0.0.1 by a DNS server of somebody else's (DNS rebinding) has another Host; a page of another site has
 * another Origin.
 * @param authority host and port of this desk
 * @returns why it is refused; undefined for a request that is answered
 */
export function refusal({ method, host, origin, site }: Asked, authority: string): string | undefined {
  if (host !== authority) return 'this is not the host that was asked for'
  if (origin !== undefined && origin !== `http://${authority}`) return 'a page of another site has no business here'
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'a page of another site has no business here'
  if (method !== 'GET' && method !== 'POST') return 'only GET and POST are answered'
  return undefined
}

/** The same for the form of a file, which has no origin: the token that it brings is all that counts. */
export function entranceRefusal({ host, origin }: Asked, authority: string): string | undefined {
  if (host !== authority) return 'this is not the host that was asked for'
  if (origin !== undefined && origin !== 'null' && origin !== `http://${authority}`)
    return 'a page of another site has no business here'
  return undefined
}

/** A browser always names the origin of a WebSocket (RFC 6455, section 10.2), and so does the desk's own page. */
export function socketRefusal({ host, origin }: Asked, authority: string): string | undefined {
  if (host !== authority) return 'this is not the host that was asked for'
  if (origin !== `http://${authority}`) return 'a page of another site has no business here'
  return undefined
}

/** @param header Sec-WebSocket-Protocol */
export function secretIn(header: string | undefined): string {
  for (const protocol of (header ?? '').split(',')) {
    const [, secret] = SECRET_PROTOCOL.exec(protocol.trim()) ?? []
    if (secret !== undefined) return secret
  }
  return ''
}

/** @param nonce with which xterm.js may write the style of a terminal */
export function contentPolicy(authority: string, nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    `connect-src 'self' ws://${authority}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}
