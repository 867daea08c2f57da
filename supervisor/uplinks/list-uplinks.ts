/** The interfaces that lead out: each has a carrier, an address that reaches further than the cable, and a default route. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { basename } from 'node:path'
import { isModemDriver } from '../../formats/modem-drivers.ts'
import type { UplinkKind } from '../../formats/uplink-settings.ts'

export interface Uplink {
  name: string
  kind: UplinkKind
  addresses: readonly string[]
  /** Whether what is bound to no interface leaves by it. */
  isDefault: boolean
  /** Of its default route, the least. */
  metric: number
  /** Its networks and routers as one text: it changes when the network behind the interface does. */
  link: string
}

/** What the kernel says, as texts. */
export interface KernelTexts {
  /** /proc/net/route: name, destination, gateway, flags, three counters with the metric, mask. */
  v4: string
  /** /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, name. */
  v6: string
  addresses: readonly { name: string; address: string; cidr: string | null; internal: boolean }[]
  hasCarrier(name: string): boolean
  /** Undefined for what is no way out by its type, such as a VPN. */
  kindOf(name: string): UplinkKind | undefined
}

interface Route {
  name: string
  gateway: string
  metric: number
}

/**
 * Pure; in the order of the names. None where the kernel's choice is something else that works, such as a VPN: who has set
 * that up wants the tunnel in it.
 */
export function uplinksOf({ v4, v6, addresses, hasCarrier, kindOf }: KernelTexts): Uplink[] {
  const routes = { v4: defaultRoutesV4(v4), v6: defaultRoutesV6(v6) }
  const first = kernelsChoice(routes)
  if (first !== undefined && hasCarrier(first) && kindOf(first) === undefined) return []
  const names = new Set([...routes.v4, ...routes.v6].map(({ name }) => name))
  return [...names].sort().flatMap(name => {
    const kind = kindOf(name)
    const own = addresses.filter(
      entry => entry.name === name && !entry.internal && !/^(fe80:|169\.254\.)/.test(entry.address),
    )
    const through = (['v4', 'v6'] as const).flatMap(family =>
      own.some(({ address }) => address.includes(':') === (family === 'v6'))
        ? routes[family].filter(route => route.name === name)
        : [],
    )
    if (kind === undefined || through.length === 0 || !hasCarrier(name)) return []
    const link = [...new Set(own.map(networkOf)), ...through.map(({ gateway }) => gateway)]
    return {
      ...{ name, kind, isDefault: name === first, metric: Math.min(...through.map(({ metric }) => metric)) },
      addresses: own.map(({ address }) => address),
      link: link.sort().join(' '),
    }
  })
}

/**
 * What of an address says which network it is in. An interface chooses its address in a /64 by itself, and another one each
 * day (RFC 4862, RFC 8981).
 */
function networkOf({ address, cidr }: KernelTexts['addresses'][number]): string {
  if (!cidr?.endsWith('/64')) return cidr ?? address
  const [front = [], back = []] = address.split('::').map(part => part.split(':').filter(group => group !== ''))
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`
}

/** The least metric, IPv4 before IPv6, also of an interface without a carrier. */
function kernelsChoice({ v4, v6 }: Record<'v4' | 'v6', Route[]>): string | undefined {
  const least = (list: Route[]) => list.toSorted((a, b) => a.metric - b.metric)[0]
  return (least(v4) ?? least(v6))?.name
}

/** Never throws: what cannot be read is not there. */
export function listUplinks(): Uplink[] {
  try {
    const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
      (list ?? []).map(entry => ({ name, ...entry })),
    )
    const routes = { v4: read('/proc/net/route'), v6: read('/proc/net/ipv6_route') }
    return uplinksOf({ ...routes, addresses, hasCarrier, kindOf })
  } catch {
    // Without descriptors it throws.
    return []
  }
}

function defaultRoutesV4(text: string): Route[] {
  return rows(text)
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .map(([name = '', , gateway = '', , , , metric]) => ({ name, gateway, metric: Number(metric) }))
}

function defaultRoutesV6(text: string): Route[] {
  return rows(text)
    .filter(row => /^0{32}$/.test(row[0] ?? '') && row[1] === '00' && row.at(-1) !== 'lo')
    .map(row => ({ name: row.at(-1) ?? '', gateway: row[4] ?? '', metric: Number.parseInt(row[5] ?? '', 16) }))
}

function rows(text: string): string[][] {
  return text.split('\n').map(line => line.trim().split(/\s+/))
}

/** ARPHRD_ETHER, and what modems without Ethernet frames have: ARPHRD_RAWIP, ARPHRD_PPP (linux/if_arp.h). */
const TYPES = { ether: '1', modem: ['519', '512'] }

function hasCarrier(name: string): boolean {
  return read(`/sys/class/net/${name}/carrier`).trim() === '1'
}

function kindOf(name: string): UplinkKind | undefined {
  const folder = `/sys/class/net/${name}`
  const type = read(`${folder}/type`).trim()
  if (TYPES.modem.includes(type) || /^wwan/.test(name)) return 'modem'
  // A tap has Ethernet frames, and a program at its other end: a VPN's, or a virtual machine's (drivers/net/tun.c).
  if (type !== TYPES.ether || existsSync(`${folder}/tun_flags`)) return undefined
  if (existsSync(`${folder}/phy80211`) || existsSync(`${folder}/wireless`)) return 'wifi'
  return isModemDriver(driverOf(folder)) ? 'modem' : 'cable'
}

function driverOf(folder: string): string {
  try {
    return basename(readlinkSync(`${folder}/device/driver`))
  } catch {
    return ''
  }
}

/** Bytes in both directions since the interface came; undefined where it is gone. */
export function bytesOf(name: string): number | undefined {
  const [received, sent] = ['rx_bytes', 'tx_bytes'].map(file => read(`/sys/class/net/${name}/statistics/${file}`))
  return received && sent ? Number(received) + Number(sent) : undefined
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
