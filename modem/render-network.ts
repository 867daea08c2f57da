/** A bearer as a file of systemd-networkd; pure. What the network says is checked, as it ends up in lines of that file. */
import { isIP } from 'node:net'
import { METHOD } from './modem-manager/names.ts'
import type { BearerFacts, IpFacts } from './modem-manager/read-modems.ts'

/** That of modems in device/provision/render-networkd.ts: after cables and Wi-Fi. */
const METRIC = 700
/** RFC 791, RFC 8200: the least that a network must carry. */
const MTU_MIN = { 4: 576, 6: 1280 } as const
const MTU_MAX = 9_000
/** What the kernel takes for a name of an interface (dev_valid_name() in its source), without what networkd gives a meaning. */
const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/

/** For a modem that is not connected: matches no interface. */
export const NO_NETWORK = '# No modem is connected.\n[Match]\nName=none\n'

/** Whose addresses go, and which gets none: without this file, the one for cables would ask for DHCP there. */
export function renderIdle(name: string): string {
  if (!INTERFACE.test(name)) return NO_NETWORK
  return `[Match]\nName=${name}\n\n${LINK}[Network]\nDHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`
}

const LINK = '[Link]\nRequiredForOnline=no\n'

/** @throws Error with what makes no sense in it, as a part of a sentence */
export function renderNetwork(bearer: BearerFacts): string {
  const { interface: name, ip4, ip6 } = bearer
  if (!INTERFACE.test(name)) throw new Error('ModemManager names no network interface for it')
  const v4 = ip4 && configuredBy(ip4, 4)
  const v6 = ip6 && configuredBy(ip6, 6)
  if (v4 === undefined && v6 === undefined) throw new Error('ModemManager gives no address for it')
  const mtus = [mtuOf(ip4, 4), mtuOf(ip6, 6)].filter(mtu => mtu !== undefined)
  const isDhcp = v4?.kind === 'automatic'
  const takesAnnounced = v6?.kind === 'automatic'
  return [
    ['[Match]', `Name=${name}`],
    ['[Link]', 'RequiredForOnline=no', ...(mtus.length === 0 ? [] : [`MTUBytes=${Math.min(...mtus)}`])],
    [
      '[Network]',
      `DHCP=${isDhcp ? 'ipv4' : 'no'}`,
      `LinkLocalAddressing=${v6 === undefined ? 'no' : 'ipv6'}`,
      `IPv6AcceptRA=${takesAnnounced ? 'yes' : 'no'}`,
      ...[v4, v6].flatMap(one => one?.lines ?? []),
    ],
    ...[v4, v6].flatMap(one => one?.sections ?? []),
    ...(isDhcp ? [['[DHCPv4]', 'ClientIdentifier=mac', `RouteMetric=${METRIC}`]] : []),
    ...(takesAnnounced ? [['[IPv6AcceptRA]', `RouteMetric=${METRIC}`]] : []),
  ]
    .map(lines => `${lines.join('\n')}\n`)
    .join('\n')
}

interface Configured {
  /** `automatic`: by DHCP, or by router advertisements. */
  kind: 'fixed' | 'automatic'
  lines: string[]
  sections: string[][]
}

function configuredBy(ip: IpFacts, family: 4 | 6): Configured | undefined {
  const dns = ip.dns.filter(server => isIP(server) !== 0).map(server => `DNS=${server}`)
  // A link-local address may be given, by which router advertisements are to be asked for.
  const isLinkLocal = family === 6 && /^fe80:/i.test(ip.address)
  const address = ip.address === '' ? [] : [`Address=${checked(ip, family)}`]
  if (ip.method === METHOD.dhcp)
    return { kind: 'automatic', lines: [...(isLinkLocal ? address : []), ...dns], sections: [] }
  if (ip.method !== METHOD.static || address.length === 0) return undefined
  const gateway = isIP(ip.gateway) === family ? [`Gateway=${ip.gateway}`, 'GatewayOnLink=yes'] : []
  // Without a router: whatever is sent there, the other end takes it.
  const anywhere = [`Destination=${family === 4 ? '0.0.0.0' : '::'}/0`, ...(family === 4 ? ['Scope=link'] : [])]
  const route = ['[Route]', ...(gateway.length === 0 ? anywhere : gateway), `Metric=${METRIC}`]
  return { kind: 'fixed', lines: [...address, ...dns], sections: [route] }
}

function checked({ address, prefix }: IpFacts, family: 4 | 6): string {
  const longest = family === 4 ? 32 : 128
  if (isIP(address) !== family || address.includes('%')) throw new Error('the network gives an address that is none')
  const length = Number.isInteger(prefix) && prefix > 0 && prefix <= longest ? prefix : longest
  return `${address}/${length}`
}

function mtuOf(ip: IpFacts | undefined, family: 4 | 6): number | undefined {
  const mtu = ip?.mtu ?? 0
  return mtu >= MTU_MIN[family] && mtu <= MTU_MAX ? mtu : undefined
}
