/** How each interface is used: node:net where the kernel routes, socat where a connection is bound to one. */
import { systemLookup } from './names.ts'
import type { NetworkPath } from './open-stream.ts'
import { resolveOver } from './resolve-over.ts'
import { openOver } from './socat-stream.ts'
import { openTcpStream } from './tcp-stream.ts'

export function pathOf(interfaceName: string | undefined): NetworkPath {
  if (interfaceName === undefined) return { open: openTcpStream, lookup: systemLookup }
  return { open: openOver(interfaceName), lookup: resolveOver(interfaceName) }
}
