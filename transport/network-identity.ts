/** Which network this is, by its default gateway: what can be read without a privilege, and is another one elsewhere. */
import { readFileSync } from 'node:fs'

/** @returns undefined while it is not known: no default route, or its gateway has not answered yet */
export function readNetworkIdentity(interfaceName?: string): string | undefined {
  return networkIdentity(
    { v4: read('/proc/net/route'), v6: read('/proc/net/ipv6_route'), arp: read('/proc/net/arp') },
    interfaceName,
  )
}

/**
 * IPv4: interface, and hardware address of the gateway; a private address alone is the same in a thousand networks. IPv6: interface, and
 * link-local address of the router, which says as much.
 */
export function networkIdentity(
  { v4, v6, arp }: { v4: string; v6: string; arp: string },
  interfaceName?: string,
): string | undefined {
  const rows = (text: string) => text.split('\n').map(line => line.trim().split(/\s+/))
  const [route] = rows(v4)
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .filter(([name]) => interfaceName === undefined || name === interfaceName)
    .toSorted((a, b) => Number(a[6]) - Number(b[6]))
  if (route) {
    const [name = '', , gateway = ''] = route
    const address = (gateway.match(/../g) ?? [])
      .map(byte => Number.parseInt(byte, 16))
      .reverse()
      .join('.')
    const neighbour = rows(arp).find(
      ([ip, , flags, , , device]) => ip === address && device === name && flags === '0x2',
    )
    // A line from point to point has no gateway: it is its own network.
    if (address === '0.0.0.0') return name
    return neighbour && `${name} ${neighbour[3]}`
  }
  const found = rows(v6)
    .filter(row => /^0{32}$/.test(row[0] ?? '') && row[1] === '00' && row.at(-1) !== 'lo')
    .find(row => interfaceName === undefined || row.at(-1) === interfaceName)
  return found && `${found.at(-1)} ${found[4]}`
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
