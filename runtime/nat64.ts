/**
 * IPv4 addresses behind a NAT64: the network's prefix from its answer for `ipv4only.arpa` (RFC 7050), and the IPv6 address that
 * stands for an IPv4 one (RFC 6052); pure.
 *
 * Whoever answers chooses the prefix, and with it whom a connection reaches: that proves nothing, as an address from a name
 * server proves nothing.
 */
import { isIPv6 } from 'node:net'

/** A name with IPv4 addresses alone: a network that answers with IPv6 ones translates (RFC 7050, section 3). */
export const IPV4_ONLY_NAME = 'ipv4only.arpa'

/** Its addresses (RFC 7050, section 8.1). */
const WELL_KNOWN = ['192.0.0.170', '192.0.0.171']
/** Bits of a prefix (RFC 6052, section 2.2). */
const LENGTHS = [96, 64, 56, 48, 40, 32]
/** These eight bits are zero (RFC 6052, section 2.2). */
const ZERO_OCTET = 8
/** Prefixes of one network that are worth trying. */
const PREFIXES_MAX = 4

/** @returns prefixes as `2001:db8::/96`, without duplicates */
export function prefixesIn(addresses: readonly string[]): string[] {
  const found = addresses.map(candidates)
  const prefixes = found.flatMap((own, at) => {
    if (own.length < 2) return own
    // The address occurs twice in it: the prefix is the one that the other address has, too (RFC 7050, section 3).
    const others = found.filter((_, index) => index !== at).flat()
    return own.filter(({ prefix, address }) =>
      others.some(other => other.prefix === prefix && other.address !== address),
    )
  })
  return [...new Set(prefixes.map(({ prefix }) => prefix))].slice(0, PREFIXES_MAX)
}

/** The address that stands for an IPv4 one behind that prefix, in its short form (RFC 5952). */
export function behindNat64(prefix: string, ipv4: string): string {
  const [start = '', length] = prefix.split('/')
  const bytes = bytesOf(start)
  for (const [at, place] of placesOf(Number(length)).entries()) bytes[place] = Number(ipv4.split('.')[at])
  return textOf(bytes)
}

function candidates(text: string): { prefix: string; address: string }[] {
  if (!isIPv6(text) || text.includes('%')) return []
  const bytes = bytesOf(text)
  if (bytes[ZERO_OCTET] !== 0 || !leadsOut(bytes)) return []
  return LENGTHS.flatMap(length => {
    const address = placesOf(length)
      .map(place => bytes[place])
      .join('.')
    const prefix = bytes.map((byte, at) => (at < length / 8 ? byte : 0))
    return WELL_KNOWN.includes(address) ? [{ prefix: `${textOf(prefix)}/${length}`, address }] : []
  })
}

/** Not what stands for this host, for IPv4 itself, for one link or for a group (RFC 4291, section 2.4). */
function leadsOut([first = 0, second = 0]: readonly number[]): boolean {
  return (first !== 0 || second !== 0) && first < 0xfe
}

/** Where the four octets are: one after the other behind the prefix, around the octet that is zero. */
function placesOf(length: number): number[] {
  return Array.from({ length: 16 }, (_, at) => at)
    .filter(at => at >= length / 8 && at !== ZERO_OCTET)
    .slice(0, 4)
}

function bytesOf(text: string): number[] {
  const [front = '', back] = shorten(text).split('::')
  const groups = (part: string) => part.split(':').filter(group => group !== '')
  const before = groups(front)
  const after = groups(back ?? '')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].flatMap(group => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function textOf(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0))
  return shorten(groups.map(group => group.toString(16)).join(':'))
}

/** The URL standard's form of it, which is RFC 5952's, without dots. */
function shorten(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}

/** What the kernel says of its routes: /proc/net/route and /proc/net/ipv6_route. */
export interface RouteTexts {
  v4: string
  v6: string
}

/** Whether IPv6 leads out, by that interface where one is named, and IPv4 does not: nothing is translated elsewhere. */
export function isIPv6Only({ v4, v6 }: RouteTexts, interfaceName?: string): boolean {
  const isMeant = (name: string | undefined) => interfaceName === undefined || name === interfaceName
  const hasIPv4 = rows(v4).some(([name, destination, , flags, , , , mask]) => {
    return destination === '00000000' && mask === '00000000' && isUsed(flags) && isMeant(name)
  })
  const hasIPv6 = rows(v6).some(row => {
    return /^0{32}$/.test(row[0] ?? '') && row[1] === '00' && isUsed(row[8]) && isMeant(row.at(-1))
  })
  return hasIPv6 && !hasIPv4
}

/** RTF_UP, and not RTF_REJECT (linux/route.h). */
function isUsed(flags = '0'): boolean {
  return (Number.parseInt(flags, 16) & 0x201) === 0x001
}

function rows(text: string): string[][] {
  return text.split('\n').map(line => line.trim().split(/\s+/))
}
