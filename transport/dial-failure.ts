/** Why a relay cannot be reached, as values and as text. */
import { isIPv4 } from 'node:net'

/** What happened at one address. */
export type AddressFault =
  | ServerFault
  | {
      kind: /** Nothing came back to the SYN. */
        | 'no-answer'
        | 'refused'
        | 'no-route'
        /** It answers, and not in TLS. */
        | 'no-tls'
    }
  | {
      kind: /** This device itself cannot open a connection. */
        | 'local'
        /** The TLS handshake fails. */
        | 'tls'
        /** TLS, with a certificate that is not valid for it where it has to be. */
        | 'certificate'
        /** The proxy does not open a way. */
        | 'proxy'
        /** The proxy wants another login. */
        | 'proxy-login'
      detail: string
    }

/** What happened where something was reached. */
type ServerFault =
  | {
      kind: /** It closes without an SSH greeting. */
        | 'closed'
        /** sshd has too many logins at this moment, or a penalty for this address. */
        | 'turned-away'
        /** It accepts and says nothing, also when it is spoken to. */
        | 'silent'
    }
  | /** Something else answers. */ { kind: 'not-ssh'; which: 'http' | 'tls' | 'other' }

/** What the name server said. */
export type NameFault = { kind: 'dns-missing' } | { kind: 'dns-silent' }

/** What the name server said of a NAT64: it knows prefixes, it knows none, or it said nothing. */
export type Nat64Answer = 'found' | 'none' | 'silent'

export interface DialFailure {
  /** For decisions. */
  kind: AddressFault['kind'] | NameFault['kind']
  /** What answers in place of an SSH server. */
  which?: 'http' | 'tls' | 'other'
  /** For people; a sentence part that names host and port. */
  cause: string
}

/** The nearer to an SSH server, the more it says. */
const NEAREST: readonly AddressFault['kind'][] = [
  'turned-away',
  'silent',
  'closed',
  'not-ssh',
  'certificate',
  'no-tls',
  'tls',
  'proxy-login',
  'proxy',
  'refused',
  'no-answer',
  'no-route',
  'local',
]

export interface Found {
  /** The relay. */
  host: string
  port: number
  /** Whether SSH is spoken within TLS. */
  isWithinTls?: boolean
  /** The proxy, where it is dialled in place of the relay. */
  proxy?: { host: string; port: number } | undefined
  /** Undefined where the name was found, or was none. */
  name: NameFault | undefined
  /** What this network's name server says about a NAT64; undefined where none was looked for. */
  nat64?: Nat64Answer | undefined
  /** What happened at each address that was tried; an empty map before any was. */
  addresses: ReadonlyMap<string, AddressFault>
}

/** @returns the one failure that says most of all that were met */
export function dialFailure({
  host,
  port,
  isWithinTls = false,
  proxy,
  name,
  nat64 = 'found',
  addresses,
}: Found): DialFailure {
  const [[nearest, fault] = ['', { kind: 'no-answer' } as AddressFault]] = [...addresses].sort(
    ([, a], [, b]) => NEAREST.indexOf(a.kind) - NEAREST.indexOf(b.kind),
  )
  const dialled = proxy?.host ?? host
  const onlyIPv4 = [...addresses.keys()].every(address => isIPv4(address))
  const which = fault.kind === 'not-ssh' && name === undefined ? { which: fault.which } : {}
  const where = name === undefined ? undefined : `its last address ${nearest}`
  const text = describe(fault, { host, port, isWithinTls, proxy, where })
  if (name === undefined) {
    const others = addresses.size > 1 ? ` (addresses tried: ${[...addresses.keys()].join(', ')})` : ''
    return { kind: fault.kind, ...which, cause: text + others + (onlyIPv4 ? NO_IPV4[nat64] : '') }
  }
  const cause = describeName(dialled, name)
  return { kind: name.kind, cause: addresses.size === 0 ? cause : `${cause}; ${text}` }
}

const NO_IPV4 = {
  found: '',
  none: '; IPv4 does not lead out of this network, and its name server knows no NAT64 (RFC 7050)',
  silent: '; IPv4 does not lead out of this network, and its name server does not answer about a NAT64 (RFC 7050)',
} as const satisfies Record<Nat64Answer, string>

export function describeName(host: string, { kind }: NameFault): string {
  return kind === 'dns-missing'
    ? `the name ${host} does not exist, says the name server`
    : `the name ${host} cannot be looked up: no name server answers`
}

interface Where extends Pick<Found, 'host' | 'port' | 'proxy'> {
  isWithinTls: boolean
  /** What is said in place of the name that was dialled. */
  where: string | undefined
}

function describe(fault: AddressFault, { host, port, isWithinTls, proxy, where }: Where): string {
  const proxied = proxy && `the proxy ${where ?? proxy.host}:${proxy.port}`
  const relay = `${proxied ? host : (where ?? host)}:${port}`
  switch (fault.kind) {
    case 'no-answer':
      if (proxied) return `${proxied} does not answer`
      return `${relay} does not answer: port ${port} may be blocked on this network`
    case 'refused':
      if (proxied) return `${proxied} refuses connections`
      return `${where ?? host} refuses connections on port ${port}: its sshd is not running, or a firewall blocks it`
    case 'no-route':
      return `there is no route to ${proxied ?? where ?? host}`
    case 'local':
      return `this device cannot open a connection to ${proxied ?? relay}: ${fault.detail}`
    case 'proxy':
      return `${proxied} opens no way to ${host}:${port}: ${fault.detail}`
    case 'proxy-login':
      return `${proxied} wants another login: ${fault.detail}`
    case 'no-tls':
      return `${inside(proxied)}${relay} does not speak TLS: it offers no SSH within TLS`
    case 'tls':
      return `${inside(proxied)}the TLS handshake with ${relay} fails: ${fault.detail}`
    case 'certificate':
      return `${inside(proxied)}${relay} shows a certificate that is not valid for it: ${fault.detail}`
    case 'not-ssh':
    case 'closed':
    case 'turned-away':
    case 'silent':
      return `${inside(proxied)}${isWithinTls ? 'within TLS, ' : ''}${describeInside(fault, relay)}`
    default:
      return fault satisfies never
  }
}

function inside(proxied: string | undefined): string {
  return proxied === undefined ? '' : `through ${proxied}, `
}

function describeInside(fault: ServerFault, where: string): string {
  switch (fault.kind) {
    case 'closed':
      return `${where} closes the connection without an SSH greeting: its sshd is overloaded, or a firewall closes it`
    case 'turned-away':
      return `${where} turned this connection away: too many are logging in at this moment`
    case 'silent':
      return `${where} accepts the connection and then says nothing`
    case 'not-ssh':
      return `${where} is answered by something that is not an SSH server: a captive portal or a proxy${WHICH[fault.which]}`
    default:
      return fault satisfies never
  }
}

const WHICH = { http: ', it speaks HTTP', tls: ', it speaks TLS', other: '?' } as const
