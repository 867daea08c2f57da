/** The HTTP proxy on the way to a host: that of the configuration, else that of the environment of this program; pure. */
import type { HttpProxy } from './way.ts'

/** Where a proxy's address in the environment names no port, as curl(1) has it. */
const PORT_LEFT_OUT = 1080

export interface ProxySources {
  configured: { host: string; port: number; user?: string | undefined } | undefined
  /** Goes to the configured proxy alone: nobody else's environment or network gets it. */
  password: string | undefined
  env: NodeJS.ProcessEnv
}

/** @returns undefined where none is known, or where `no_proxy` names the host */
export function proxyFor(host: string, { configured, password, env }: ProxySources): HttpProxy | undefined {
  if (configured) {
    const { host: name, port, user } = configured
    return { host: name, port, ...(user !== undefined && { user }), ...(password !== undefined && { password }) }
  }
  const setting = (name: string) => env[name] || env[name.toUpperCase()]
  const text = setting('https_proxy') ?? setting('all_proxy')
  if (text === undefined || isExempt(host, setting('no_proxy') ?? '')) return undefined
  return fromAddress(text)
}

/** `http://user:password@host:port`, or `host:port`; undefined for a proxy of another kind. */
function fromAddress(text: string): HttpProxy | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) return undefined
  const { protocol, hostname, port, username, password } = new URL(full)
  if (protocol !== 'http:' || hostname === '') return undefined
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (/:80\/*$/.test(full) ? 80 : PORT_LEFT_OUT)),
    ...(username !== '' && { user: decoded(username), password: decoded(password) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A host or a domain each, or `*` for all, as curl(1) has it. */
function isExempt(host: string, list: string): boolean {
  const name = host.toLowerCase()
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .map(entry => entry.replace(/^\*?\./, ''))
    .some(entry => entry === '*' || name === entry || name.endsWith(`.${entry}`))
}
