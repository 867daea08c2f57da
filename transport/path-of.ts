/** How each interface is used: node:net where the kernel routes, socat where a connection is bound to one. */
import { readFileSync } from 'node:fs'
import { isIPv6Only } from '../runtime/nat64.ts'
import { systemLookup } from './names.ts'
import { readNetworkIdentity } from './network-identity.ts'
import type { NetworkPath } from './open-stream.ts'
import { resolveOver } from './resolve-over.ts'
import { openOver } from './socat-stream.ts'
import { openTcpStream } from './tcp-stream.ts'

export function pathOf(interfaceName: string | undefined): NetworkPath {
  const network = {
    isIPv6Only: () => isIPv6Only({ v4: read('/proc/net/route'), v6: read('/proc/net/ipv6_route') }, interfaceName),
    network: () => readNetworkIdentity(interfaceName),
  }
  if (interfaceName === undefined) return { open: openTcpStream, lookup: systemLookup, ...network }
  return { open: openOver(interfaceName), lookup: resolveOver(interfaceName), ...network }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
