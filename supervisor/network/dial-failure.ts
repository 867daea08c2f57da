/** Why a relay cannot be reached, as values and as text. */

/** What happened at one address. */
export type AddressFault =
  | {
      kind: /** Nothing came back to the SYN. */
        | 'no-answer'
        | 'refused'
        | 'no-route'
        /** It closes without an SSH greeting. */
        | 'closed'
        /** sshd has too many logins at this moment, or a penalty for this address. */
        | 'turned-away'
        /** It accepts and says nothing, also when it is spoken to. */
        | 'silent'
    }
  | /** Something else answers. */ { kind: 'not-ssh'; which: 'http' | 'tls' | 'other' }
  | /** This device itself cannot open a connection. */ { kind: 'local'; detail: string }

/** What the name server said. */
export type NameFault = { kind: 'dns-missing' } | { kind: 'dns-silent' }

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
  'refused',
  'no-answer',
  'no-route',
  'local',
]

export interface Found {
  host: string
  port: number
  /** Undefined where the name was found, or was none. */
  name: NameFault | undefined
  /** What happened at each address that was tried; an empty map before any was. */
  addresses: ReadonlyMap<string, AddressFault>
}

/** @returns the one failure that says most of all that were met */
export function dialFailure({ host, port, name, addresses }: Found): DialFailure {
  const [[nearest, fault] = ['', { kind: 'no-answer' } as AddressFault]] = [...addresses].sort(
    ([, a], [, b]) => NEAREST.indexOf(a.kind) - NEAREST.indexOf(b.kind),
  )
  const which = fault.kind === 'not-ssh' && name === undefined ? { which: fault.which } : {}
  const where = name === undefined ? host : `its last address ${nearest}`
  const text = describe(where, port, fault)
  if (name === undefined) {
    const others = addresses.size > 1 ? ` (addresses tried: ${[...addresses.keys()].join(', ')})` : ''
    return { kind: fault.kind, ...which, cause: text + others }
  }
  const cause = describeName(host, name)
  return { kind: name.kind, cause: addresses.size === 0 ? cause : `${cause}; ${text}` }
}

export function describeName(host: string, { kind }: NameFault): string {
  return kind === 'dns-missing'
    ? `the name ${host} does not exist, says the name server`
    : `the name ${host} cannot be looked up: no name server answers`
}

function describe(host: string, port: number, fault: AddressFault): string {
  const where = `${host}:${port}`
  switch (fault.kind) {
    case 'no-answer':
      return `${where} does not answer: port ${port} may be blocked on this network`
    case 'refused':
      return `${host} refuses connections on port ${port}: its sshd is not running, or a firewall blocks it`
    case 'no-route':
      return `there is no route to ${host}`
    case 'closed':
      return `${where} closes the connection without an SSH greeting: its sshd is overloaded, or a firewall closes it`
    case 'turned-away':
      return `${where} turned this connection away: too many are logging in at this moment`
    case 'silent':
      return `${where} accepts the connection and then says nothing`
    case 'not-ssh':
      return `${where} is answered by something that is not an SSH server: a captive portal or a proxy${WHICH[fault.which]}`
    case 'local':
      return `this device cannot open a connection to ${where}: ${fault.detail}`
  }
}

const WHICH = { http: ', it speaks HTTP', tls: ', it speaks TLS', other: '?' } as const
