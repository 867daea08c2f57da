/** The DHCP server of a wired port: whether there is one, and which addresses it gives. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { isInterfaceKind, type ROLES } from './interface-roles.ts'

export const dhcpServerSettings = {
  dhcpServer: z.boolean('must be true or false').optional().meta({
    description: 'whether the board gives addresses to those who are plugged in there',
    whenLeftOut: 'default: true with the role router, else false',
    details: 'For the role `router`, and for `static` without a gateway.',
    example: true,
  }),
  dhcpRange: z
    .string()
    .refine(text => rangeOf(text) !== undefined, 'must be two IPv4 addresses such as 192.168.77.100-192.168.77.199')
    .optional()
    .meta({
      description: 'the first and the last address that are given',
      whenLeftOut: 'default: the 100 highest of the network',
      example: '192.168.77.100-192.168.77.199',
    }),
}

interface ServerSettings {
  name: string
  role?: (typeof ROLES)[number] | undefined
  address?: string | undefined
  gateway?: string | undefined
  dhcpServer?: boolean | undefined
  dhcpRange?: string | undefined
}

export interface Range {
  first: string
  last: string
}

/** The range of a port that gives addresses; undefined where it gives none. */
export function servedRange({ role, address, gateway, dhcpServer, dhcpRange }: ServerSettings): Range | undefined {
  const isLocal = role === 'router' || (role === 'static' && gateway === undefined)
  if (!isLocal || address === undefined || !(dhcpServer ?? role === 'router')) return undefined
  return dhcpRange === undefined ? defaultRange(address) : rangeOf(dhcpRange)
}

/** What does not go together: key and message. */
export function* dhcpServerProblems(entry: ServerSettings): Generator<['dhcpServer' | 'dhcpRange', string]> {
  const { name, role, address, gateway, dhcpServer, dhcpRange } = entry
  // What is wrong with these is said elsewhere.
  if (isInterfaceKind(name)) return
  if (dhcpServer === true && role !== 'router' && !(role === 'static' && gateway === undefined)) {
    const why = role === 'static' ? 'this port has a gateway, and leads out' : 'this port asks for its own address'
    yield ['dhcpServer', `is for the roles "router" and "static" without a gateway: ${why}`]
    return
  }
  if (dhcpRange === undefined || address === undefined) return
  const range = servedRange(entry)
  if (range === undefined) {
    yield ['dhcpRange', 'is for a port that gives addresses: add dhcp_server = true']
    return
  }
  const [first, last, own] = [range.first, range.last, address.split('/')[0] ?? ''].map(numberOf)
  const hosts = hostsOf(address)
  if (first === undefined || last === undefined || own === undefined) return
  if (first > last) yield ['dhcpRange', `ends before it begins: ${range.first} comes after ${range.last}`]
  else if (first < hosts.first || last > hosts.last)
    yield ['dhcpRange', `is not in the network of ${address}: ${textOf(hosts.first)}-${textOf(hosts.last)}`]
  else if (first <= own && own <= last) yield ['dhcpRange', `contains ${textOf(own)}, the address of this port itself`]
}

/** The 100 highest of the longer side of the own address: low ones are left for what has a fixed address. */
function defaultRange(address: string): Range | undefined {
  const own = numberOf(address.split('/')[0] ?? '')
  const { first, last } = hostsOf(address)
  const [from, to] = last - own >= own - first ? [own + 1, last] : [first, own - 1]
  return { first: textOf(Math.max(from, to - 99)), last: textOf(to) }
}

function rangeOf(text: string): Range | undefined {
  const [first = '', last = '', ...more] = text.split('-').map(one => one.trim())
  return isIP(first) === 4 && isIP(last) === 4 && more.length === 0 ? { first, last } : undefined
}

/** Addresses of hosts in a network. */
function hostsOf(address: string): { first: number; last: number } {
  const [own = '', length] = address.split('/')
  const size = 2 ** (32 - Number(length))
  const start = numberOf(own) - (numberOf(own) % size)
  return { first: start + 1, last: start + size - 2 }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
}
