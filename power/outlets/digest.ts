/** The login of a Shelly of the second generation and later: HTTP Digest with SHA-256 (RFC 7616); pure. */
import { createHash } from 'node:crypto'

/**
 * @param challenge the header WWW-Authenticate
 * @param cnonce new for each request
 * @returns the header Authorization; undefined where the challenge is of another kind
 */
export function digestAnswer(
  challenge: string,
  { user, password, path, cnonce }: { user: string; password: string; path: string; cnonce: string },
): string | undefined {
  if (!/^digest /i.test(challenge)) return undefined
  const { realm, nonce, algorithm, qop = 'auth' } = fieldsOf(challenge.slice('digest '.length))
  if (realm === undefined || nonce === undefined || algorithm?.toUpperCase() !== 'SHA-256') return undefined
  if (!qop.split(/\s*,\s*/).includes('auth')) return undefined
  const hash = (...parts: string[]) => createHash('sha256').update(parts.join(':')).digest('hex')
  const count = '00000001'
  const response = hash(hash(user, realm, password), nonce, count, cnonce, 'auth', hash('GET', path))
  const quoted = { username: user, realm, nonce, uri: path, response, cnonce }
  const fields = Object.entries(quoted).map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`)
  return `Digest ${[...fields, 'qop=auth', `nc=${count}`, 'algorithm=SHA-256'].join(', ')}`
}

function fieldsOf(text: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, name = '', quoted, plain] of text.matchAll(/([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi))
    fields[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
  return fields
}
