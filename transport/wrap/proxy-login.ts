/** The login at a proxy: Basic (RFC 7617) and Digest (RFC 7616); pure but for a random number. */
import { createHash, randomBytes } from 'node:crypto'
import type { HttpProxy } from '../way.ts'

export interface Challenge {
  /** In lower case: `basic`, `digest`, `ntlm`. */
  scheme: string
  /** Names in lower case. */
  parameters: ReadonlyMap<string, string>
}

/** Challenges of one answer that are read. */
const CHALLENGES_MAX = 8
/** A word, perhaps with a value: a token or a quoted string (RFC 9110, section 11.3). */
const PART = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g

/** @param header the value of Proxy-Authenticate; several headers joined by commas */
export function challengesIn(header: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  for (const [whole, word = '', quoted, token] of header.matchAll(PART)) {
    if (!whole.includes('=')) found.push({ scheme: word.toLowerCase(), parameters: new Map() })
    else found.at(-1)?.parameters.set(word.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '')
    if (found.length > CHALLENGES_MAX) break
  }
  return found
}

/** The hash of each algorithm of Digest, the best last. */
const HASHES: Record<string, string> = { md5: 'md5', 'sha-256': 'sha256' }

export interface LoginRequest {
  uri: string
  /** A login was sent already: only a stale nonce makes it worth another (RFC 7616, section 3.3). */
  isSecondTry: boolean
  /** Other than CONNECT, and a number other than a random one, in tests. */
  method?: string
  cnonce?: string
}

/**
 * The value of Proxy-Authorization, or why there is none. Digest goes before Basic, which sends the password as it is.
 */
export function authorizationFor(
  challenges: readonly Challenge[],
  { user, password }: Pick<HttpProxy, 'user' | 'password'>,
  { uri, isSecondTry, method = 'CONNECT', cnonce = randomBytes(16).toString('hex') }: LoginRequest,
): { ok: true; value: string } | { ok: false; cause: string } {
  const digest = challenges
    .filter(({ scheme, parameters }) => scheme === 'digest' && hashOf(parameters) && hasAuth(parameters))
    .toSorted((a, b) => rankOf(b.parameters) - rankOf(a.parameters))[0]
  const basic = challenges.some(({ scheme }) => scheme === 'basic')
  const isStale = digest?.parameters.get('stale')?.toLowerCase() === 'true'
  if (isSecondTry && !isStale) return { ok: false, cause: `it does not accept the login ${user}` }
  if (digest === undefined && !basic) {
    const offered = challenges.map(({ scheme }) => scheme).join(', ')
    return {
      ok: false,
      cause: `it wants a login by ${offered || 'a method it does not name'}, which this device does not have`,
    }
  }
  if (user === undefined || password === undefined) {
    return { ok: false, cause: 'it wants a login, and no user and password are configured for it' }
  }
  if (digest === undefined) return { ok: true, value: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  return { ok: true, value: digestFor(digest.parameters, { user, password, uri, method, cnonce }) }
}

function digestFor(
  parameters: ReadonlyMap<string, string>,
  { user, password, uri, method, cnonce }: Record<'user' | 'password' | 'uri' | 'method' | 'cnonce', string>,
): string {
  const hash = (text: string) =>
    createHash(hashOf(parameters) as string)
      .update(text)
      .digest('hex')
  const [realm, nonce] = [parameters.get('realm') ?? '', parameters.get('nonce') ?? '']
  const plain = hash(`${user}:${realm}:${password}`)
  const secret = isSession(parameters) ? hash(`${plain}:${nonce}:${cnonce}`) : plain
  const what = hash(`${method}:${uri}`)
  const hasQop = parameters.has('qop')
  const response = hash(hasQop ? `${secret}:${nonce}:00000001:${cnonce}:auth:${what}` : `${secret}:${nonce}:${what}`)
  const fields: [string, string][] = [
    ['username', quote(user)],
    ['realm', quote(realm)],
    ['nonce', quote(nonce)],
    ['uri', quote(uri)],
    ['response', quote(response)],
  ]
  const [algorithm, opaque] = [parameters.get('algorithm'), parameters.get('opaque')]
  if (algorithm !== undefined) fields.push(['algorithm', algorithm])
  if (opaque !== undefined) fields.push(['opaque', quote(opaque)])
  if (hasQop) fields.push(['qop', 'auth'], ['nc', '00000001'])
  if (hasQop || isSession(parameters)) fields.push(['cnonce', quote(cnonce)])
  return `Digest ${fields.map(([name, value]) => `${name}=${value}`).join(', ')}`
}

function algorithmOf(parameters: ReadonlyMap<string, string>): string {
  return parameters.get('algorithm')?.toLowerCase() ?? 'md5'
}

function hashOf(parameters: ReadonlyMap<string, string>): string | undefined {
  return HASHES[algorithmOf(parameters).replace(/-sess$/, '')]
}

function rankOf(parameters: ReadonlyMap<string, string>): number {
  return Object.values(HASHES).indexOf(hashOf(parameters) ?? '')
}

function isSession(parameters: ReadonlyMap<string, string>): boolean {
  return algorithmOf(parameters).endsWith('-sess')
}

/** A server that offers `auth-int` alone wants the body in the hash: CONNECT has none, and nobody does that. */
function hasAuth(parameters: ReadonlyMap<string, string>): boolean {
  const qop = parameters.get('qop')
  return qop === undefined || qop.split(',').some(word => word.trim().toLowerCase() === 'auth')
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
