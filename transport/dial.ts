/** A stream to something that has greeted as an SSH server, at whichever address of a name that is, by one of the ways to it. */
import { isIP, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import { type Clock, systemClock } from '../runtime/clock.ts'
import { within } from '../runtime/waiting.ts'
import { attempt } from './attempt.ts'
import {
  type AddressFault,
  type DialFailure,
  describeName,
  dialFailure,
  type NameFault,
  type Nat64Answer,
} from './dial-failure.ts'
import { identification } from './greeting.ts'
import { interleave, Names } from './names.ts'
import { Nat64, type Translated } from './nat64.ts'
import type { NetworkPath } from './open-stream.ts'
import { pathOf as systemPath } from './path-of.ts'
import { Race, type Won } from './race.ts'
import type { HttpProxy, Via, Way } from './way.ts'
import { type Approach, tcpWithin } from './wrap/approach.ts'
import { connectThrough } from './wrap/connect-through.ts'
import { tlsOver } from './wrap/tls-over.ts'

/** What an SSH connection is spoken over. */
export interface Transport {
  /** Paused; its first bytes are the greeting. Ours was sent: where it is written once more, it is left out. */
  stream: Duplex
  /** The way by which it came: what asks for the same again gets the same. */
  via: Way
  /** The interface that carries it: the one that was asked for, else the one with the local address; undefined where none has it. */
  interface?: string
  localAddress: string
  remoteAddress: string
  /** A fault on the way to a connection that succeeded, such as a name server that does not answer. */
  warning?: string
}

export type Dialled = { ok: true; transport: Transport } | { ok: false; failure: DialFailure }

export interface DialOptions {
  /** A name or a literal address. */
  host: string
  port: number
  /** Bare, over the default route, unless it is given. */
  via?: Via
  /** Milliseconds for all of it, the greeting included. */
  timeoutMs: number
  /** Milliseconds for the TCP connection to one address; all the time unless it is given. */
  synMs?: number
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
  /** What is said first, as a whole line: by default an identification string with that name. */
  hello?: string
  signal: AbortSignal
}

/** Never rejects; leaves no other stream open. Opens at most two connections for each address. */
export type Dial = (options: DialOptions) => Promise<Dialled>

export interface Dialler {
  dial: Dial
}

export interface DiallerOptions {
  clock?: Clock
  /** How an interface is used, or the default route where none is named; called once for each. The system's unless it is given. */
  pathOf?(interfaceName: string | undefined): NetworkPath
  /** The proxy on the way to a host; undefined where there is none. */
  proxyFor?(host: string): HttpProxy | undefined
  /** Authorities that must have issued a relay's certificate, in PEM; undefined where it is not verified. */
  authorities?: string | undefined
  /** Whether there is TLS inside a proxy, too: true unless it is given. */
  tlsBehindProxy?: boolean
  /** The service that is asked for within TLS (ALPN), where a relay has several. */
  service?: string | undefined
}

/** Addresses of one name that are tried. */
const ADDRESSES_MAX = 4
/** Milliseconds that a name server has before the last good address is tried beside it. */
const NAME_PATIENCE_MS = 1_000

/** What the dialler remembers of one path. */
interface Known extends NetworkPath {
  names: Names
}

export function createDialler(options: DiallerOptions = {}): Dialler {
  const {
    clock = systemClock,
    pathOf = systemPath,
    proxyFor = () => undefined,
    authorities,
    tlsBehindProxy = true,
    service,
  } = options
  const paths = new Map<string | undefined, Known>()
  /** The last address of each name that has greeted: over another interface than now, it is better than none. */
  const good = new Map<string, string>()
  const nat64 = new Nat64()
  const knownOf = (name: string | undefined): Known => {
    const path = paths.get(name) ?? pathWithMemory(pathOf(name))
    paths.set(name, path)
    return path
  }
  return {
    dial: async wanted => {
      const { host, port, via = { rung: 'direct' }, timeoutMs, synMs = timeoutMs, ident = 'oobm', signal } = wanted
      const { hello = identification(ident) } = wanted
      const { open, names, isIPv6Only, network } = knownOf(via.interface)
      const relay = { host, port }
      const proxy = via.rung === 'proxy' ? proxyFor(host) : undefined
      if (via.rung === 'proxy' && proxy === undefined) return NO_PROXY
      const isWithinTls = via.rung === 'tls' || (proxy !== undefined && tlsBehindProxy)
      const approach = approachBy(tcpWithin(open, synMs, clock), { relay, isWithinTls, proxy, authorities, service })
      const dialled = proxy ?? relay
      const met = new Map<string, AddressFault>()
      let name: NameFault | undefined
      const translated = new Map<string, Translated>()
      let translation: Nat64Answer | undefined
      const run = (over: AbortSignal) => {
        const start = (address: string) => {
          const note = (fault: AddressFault) => met.set(address, fault)
          return attempt({ approach, address, port: dialled.port, hello, signal: over, note })
        }
        const race = new Race(start, clock, over)
        const last = good.get(dialled.host)
        if (last !== undefined) void clock.sleep(NAME_PATIENCE_MS, over).then(() => race.add([last]))
        name = isIP(dialled.host) === 0 ? { kind: 'dns-silent' } : undefined
        void names.resolve(dialled.host, over).then(async resolved => {
          name = resolved.ok ? undefined : resolved.fault
          const addresses = inOrder(resolved.ok ? resolved.addresses : [], last)
          race.add(addresses)
          const ipv4 = addresses.filter(address => isIPv4(address))
          if (ipv4.length > 0 && isIPv6Only()) {
            const offer = (list: readonly Translated[]) => {
              for (const one of list) translated.set(one.address, one)
              race.add(list.map(({ address }) => address))
            }
            translation = await nat64.translate({ ipv4, names, network: network(), signal: over, offer })
          }
          race.finish()
        })
        return race.result
      }
      const outcome = await within(timeoutMs, [signal], run, { clock, discard: won => won?.stream.destroy() })
      const won = outcome.kind === 'done' ? outcome.value : undefined
      if (won === undefined)
        return {
          ok: false,
          failure: dialFailure({ ...relay, isWithinTls, proxy, name, nat64: translation, addresses: met }),
        }
      const behind = translated.get(won.address)
      good.set(dialled.host, behind?.ipv4 ?? won.address)
      const warning = name === undefined ? {} : { warning: describeName(dialled.host, name) }
      return { ok: true, transport: { ...transportOf(won, via, { proxy, nat64: behind?.prefix }), ...warning } }
    },
  }
}

const NO_PROXY: Dialled = { ok: false, failure: { kind: 'proxy', cause: 'no proxy is known on this network' } }

function approachBy(
  tcp: Approach,
  way: {
    relay: { host: string; port: number }
    isWithinTls: boolean
    proxy: HttpProxy | undefined
    authorities: string | undefined
    service: string | undefined
  },
): Approach {
  const { relay, isWithinTls, proxy, authorities, service } = way
  const below = proxy ? connectThrough(tcp, proxy, relay) : tcp
  return isWithinTls ? tlsOver(below, { host: relay.host, authorities, service }) : below
}

/** The address that worked comes first; where the name leads elsewhere by now, or nowhere, it is the last resort. */
function inOrder(resolved: readonly string[], last: string | undefined): string[] {
  const others = interleave(resolved)
    .filter(address => address !== last)
    .slice(0, ADDRESSES_MAX)
  if (last === undefined) return others
  return resolved.includes(last) ? [last, ...others] : [...others, last]
}

function pathWithMemory(path: NetworkPath): Known {
  return { ...path, names: new Names(path.lookup) }
}

interface OnTheWay {
  proxy: HttpProxy | undefined
  /** The prefix behind which the address is. */
  nat64: string | undefined
}

function transportOf(won: Won, { interface: wanted, rung }: Via, on: OnTheWay): Transport {
  const { stream, localAddress, address, certificate } = won
  const { proxy, nat64 } = on
  const via: Way = {
    ...(wanted !== undefined && { interface: wanted }),
    rung,
    ...(proxy && { proxy: `${proxy.host}:${proxy.port}` }),
    ...(nat64 && { nat64 }),
    ...(certificate && { certificate }),
  }
  const name = wanted ?? interfaceWith(localAddress)
  return { stream, via, ...(name === undefined ? {} : { interface: name }), localAddress, remoteAddress: address }
}

function interfaceWith(localAddress: string): string | undefined {
  const found = Object.entries(networkInterfaces()).find(([, list]) =>
    list?.some(({ address }) => address === localAddress),
  )
  return found?.[0]
}
