/** When the kernel last received data on each TCP connection, from the output of `ss` of iproute2 (ss(8)); pure. */
import type { SshConnection } from './sessions.ts'

/** Milliseconds since data last came, by connection. */
export type Received = ReadonlyMap<string, number>

/** Options of `ss`: TCP, numbers, the kernel's figures, no head. This needs no root, because it does not ask for processes. */
export const SS_ARGS = ['-t', '-n', '-i', '-H']

/**
 * @param text a line `STATE RECV-Q SEND-Q LOCAL PEER` for each connection, and after it, indented or on the same line, figures
 * such as `lastrcv:1234`; the kernel leaves out a figure that is 0
 */
export function parseSs(text: string): Received {
  const received = new Map<string, number>()
  let key: string | undefined
  for (const line of text.split('\n')) {
    const isContinued = /^\s/.test(line)
    if (!isContinued) {
      const [, , , local, peer] = line.split(/\s+/)
      const ends = local !== undefined && peer !== undefined && [endOf(local), endOf(peer)]
      key = ends && ends[0] !== undefined && ends[1] !== undefined ? `${ends[0]} ${ends[1]}` : undefined
    }
    // Figures of a connection always have `rto`.
    if (key === undefined || !/\srto:\d/.test(line)) continue
    received.set(key, Number(/\slastrcv:(\d{1,12})(?:\s|$)/.exec(line)?.[1] ?? 0))
  }
  return received
}

/** @returns undefined for a connection that is not listed */
export function receivedMsAgo(received: Received, { server, client }: SshConnection): number | undefined {
  return received.get(`${endText(server.address, server.port)} ${endText(client.address, client.port)}`)
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`, `[::ffff:192.0.2.1]:443`, `[fe80::1]%eth0:443`, `127.0.0.1%lo:443` */
function endOf(text: string): string | undefined {
  const [, address, port] = /^(\S+):(\d{1,5})$/.exec(text) ?? []
  return address === undefined ? undefined : endText(address, Number(port))
}

/** sshd and ss write one address in different ways: with a zone or without, IPv4 also as IPv6. */
function endText(address: string, port: number): string {
  const bare = address.replace(/[[\]]/g, '').replace(/%.*$/, '').toLowerCase()
  return `${bare.replace(/^::ffff:(?=\d+\.)/, '')} ${port}`
}
