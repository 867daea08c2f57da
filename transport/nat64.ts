/** IPv4 addresses in a network that has IPv6 alone: at which addresses they are reached by its NAT64 (RFC 7050). */
import { behindNat64, IPV4_ONLY_NAME, prefixesIn } from '../runtime/nat64.ts'
import type { Nat64Answer } from './dial-failure.ts'
import type { Names } from './names.ts'

/** One way to an IPv4 address. */
export interface Translated {
  address: string
  ipv4: string
  prefix: string
}

export interface TranslateOptions {
  ipv4: readonly string[]
  /** The network's own name server is asked. */
  names: Names
  /** Which network this is; undefined where it is not known. */
  network: string | undefined
  signal: AbortSignal
  /** Called with what the network answered last time, at once, and with what it answers now. */
  offer(translated: readonly Translated[]): void
}

/** Networks that are remembered; a device that travels has a few. */
const NETWORKS_MAX = 32
/** Addresses that are tried: as many as of a name. */
const ADDRESSES_MAX = 4

export class Nat64 {
  /** Their prefixes, the newest last. A name server keeps its answer for its lifetime; this is for when it is silent. */
  readonly #prefixes = new Map<string, readonly string[]>()

  async translate({ ipv4, names, network, signal, offer }: TranslateOptions): Promise<Nat64Answer> {
    const known = network === undefined ? undefined : this.#prefixes.get(network)
    if (known) offer(translatedBy(known, ipv4))
    const resolved = await names.resolve(IPV4_ONLY_NAME, signal, 6)
    if (!resolved.ok && resolved.fault.kind === 'dns-silent') return known ? 'found' : 'silent'
    const prefixes = resolved.ok ? prefixesIn(resolved.addresses) : []
    if (network !== undefined) this.#remember(network, prefixes)
    offer(translatedBy(prefixes, ipv4))
    return prefixes.length > 0 ? 'found' : 'none'
  }

  #remember(network: string, prefixes: readonly string[]): void {
    this.#prefixes.delete(network)
    if (prefixes.length > 0) this.#prefixes.set(network, prefixes)
    for (const oldest of [...this.#prefixes.keys()].slice(0, -NETWORKS_MAX)) this.#prefixes.delete(oldest)
  }
}

function translatedBy(prefixes: readonly string[], ipv4: readonly string[]): Translated[] {
  return prefixes
    .flatMap(prefix => ipv4.map(one => ({ address: behindNat64(prefix, one), ipv4: one, prefix })))
    .slice(0, ADDRESSES_MAX)
}
