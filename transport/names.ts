/** Names to addresses, without ever taking more than one of the process's few threads. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { errorCode } from '../runtime/errors.ts'
import { settled } from '../runtime/waiting.ts'
import type { NameFault } from './dial-failure.ts'

/**
 * @param family 6: IPv6 addresses alone
 * @returns literal addresses in the order of RFC 6724; rejects with a system error
 */
export type Lookup = (host: string, family?: 6) => Promise<string[]>

export type Resolved = { ok: true; addresses: string[] } | { ok: false; fault: NameFault }

/** getaddrinfo(3): it knows /etc/hosts and the system's name servers, and may block its thread for half a minute. */
export const systemLookup: Lookup = async (host, family = 0 as 6) =>
  (await lookup(host, { all: true, order: 'verbatim', family })).map(({ address }) => address)

const SILENT: Resolved = { ok: false, fault: { kind: 'dns-silent' } }

export class Names {
  readonly #lookup: Lookup
  #pending: { host: string; answer: Promise<Resolved> } | undefined

  constructor(lookup: Lookup = systemLookup) {
    this.#lookup = lookup
  }

  /** Shares a lookup that is under way, and waits for one of another name to end before it begins its own. */
  async resolve(host: string, signal: AbortSignal, family?: 6): Promise<Resolved> {
    if (isIP(host) !== 0) return { ok: true, addresses: [host] }
    while (this.#pending !== undefined && this.#pending.host !== host) {
      await race(this.#pending.answer, signal)
      if (signal.aborted) return SILENT
    }
    this.#pending ??= { host, answer: this.#begin(host, family) }
    return race(this.#pending.answer, signal)
  }

  async #begin(host: string, family?: 6): Promise<Resolved> {
    try {
      const addresses = await this.#lookup(host, family)
      return addresses.length > 0 ? { ok: true, addresses } : { ok: false, fault: { kind: 'dns-missing' } }
    } catch (err) {
      return errorCode(err) === 'ENOTFOUND' ? { ok: false, fault: { kind: 'dns-missing' } } : SILENT
    } finally {
      this.#pending = undefined
    }
  }
}

function race(answer: Promise<Resolved>, signal: AbortSignal): Promise<Resolved> {
  return settled(signal, SILENT, settle => void answer.then(settle))
}

/** The families in turn, beginning with the first address's (RFC 8305, section 4): a dead family costs one step. */
export function interleave(addresses: readonly string[]): string[] {
  const firstFamily = isIP(addresses[0] ?? '')
  const first = addresses.filter(address => isIP(address) === firstFamily)
  const second = addresses.filter(address => isIP(address) !== firstFamily)
  return first.flatMap((address, i) => [address, ...second.slice(i, i + 1)]).concat(second.slice(first.length))
}
