/** Whose process is at the other end of a loopback connection (proc_net_tcp, the kernel's own table). */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** `st` of a connection that both ends hold; the kernel's net/tcp_states.h. */
const ESTABLISHED = '01'

/** @returns undefined when the other end is not on this machine, or does not hold the connection any more */
export function peerUid(socket: Socket): number | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined)
    return undefined
  return uidIn(readFileSync('/proc/net/tcp', 'latin1'), [remoteAddress, remotePort], [localAddress, localPort])
}

/**
 * @param table /proc/net/tcp
 * @param own IPv4 address and port of the end that is asked about
 */
export function uidIn(table: string, own: [string, number], other: [string, number]): number | undefined {
  const [local, remote] = [inHex(own), inHex(other)]
  for (const line of table.split('\n')) {
    const [, from, to, state, , , , uid, , inode] = line.trim().split(/\s+/)
    if (from !== local || to !== remote) continue
    // One that its process has closed belongs to nobody, and the table says 0: root.
    return state === ESTABLISHED && inode !== '0' ? Number(uid) : undefined
  }
  return undefined
}

/** `127.0.0.2`, 22 → `0200007F:0016`: the address as the machine has it in memory, all of ours with the low byte first. */
function inHex([address, port]: [string, number]): string {
  const bytes = address.split('.').map(part => Number(part).toString(16).padStart(2, '0'))
  return `${bytes.reverse().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}
