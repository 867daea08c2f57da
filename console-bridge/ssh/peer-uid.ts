/** Whose process is at the other end of a loopback connection, by the kernel's table (proc_net_tcp). */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** `st` of a connection that both ends have open; the kernel's net/tcp_states.h. */
const ESTABLISHED = '01'

/** @returns undefined when the other end is not on this machine, or has closed the connection */
export function peerUid(socket: Socket): number | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined)
    return undefined
  return uidIn(readFileSync('/proc/net/tcp', 'latin1'), [remoteAddress, remotePort], [localAddress, localPort])
}

/**
 * @param table /proc/net/tcp
 * @param own IPv4 address and port of the end in question
 */
export function uidIn(table: string, own: [string, number], other: [string, number]): number | undefined {
  const [local, remote] = [inHex(own), inHex(other)]
  for (const line of table.split('\n')) {
    const [, from, to, state, , , , uid, , inode] = line.trim().split(/\s+/)
    if (from !== local || to !== remote) continue
    // For a connection that its process has closed, the table says uid 0, which is not root here.
    return state === ESTABLISHED && inode !== '0' ? Number(uid) : undefined
  }
  return undefined
}

/** `127.0.0.2`, 22 → `0200007F:0016`: the address in the machine's byte order; all our boards are little-endian. */
function inHex([address, port]: [string, number]): string {
  const bytes = address.split('.').map(part => Number(part).toString(16).padStart(2, '0'))
  return `${bytes.reverse().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}
