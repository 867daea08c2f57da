/** A TCP connection to the host of a line, and its end: also when the peer is gone without a word. */
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { settled, within } from '../../runtime/waiting.ts'

/** Milliseconds for one address. */
const CONNECT_MS = 10_000
/** Milliseconds of silence after which the kernel asks the peer's; it asks ten times, a second apart (uv_tcp_keepalive). */
const KEEPALIVE_MS = 15_000
/** Milliseconds between two looks at what the peer did not confirm. */
const LOOK_MS = 5_000
/** So often the kernel has sent the same bytes again, in half a minute or so: no peer is there. Its own bound is 15 minutes. */
const RETRANSMITS = 7

export interface Host {
  /** As configured, for messages. */
  name: string
  port: number
  /** Tried in this order. */
  addresses: readonly string[]
}

/**
 * @param signal the end of what the connection is for
 * @throws UserError that says why there is none
 */
export async function connectTcp(host: Host, signal: AbortSignal): Promise<Socket> {
  let why = `"${host.name}" has no address`
  for (const address of host.addresses) {
    const socket = connect({ host: address, port: host.port, noDelay: true })
    const outcome = await within(CONNECT_MS, [signal], over =>
      settled<Error | undefined>(over, undefined, settle => {
        socket.once('connect', () => settle(undefined))
        socket.once('error', settle)
      }),
    )
    if (outcome.kind === 'done' && outcome.value === undefined) {
      socket.setKeepAlive(true, KEEPALIVE_MS)
      return socket
    }
    socket.on('error', () => {})
    socket.destroy()
    if (outcome.kind === 'aborted') throw new UserError('it was given up')
    const cause = outcome.kind === 'timeout' ? `no answer within ${CONNECT_MS / 1_000} s` : reason(outcome.value)
    const shown = address === host.name ? '' : ` (${address})`
    why = `${host.name} port ${host.port}${shown}: ${cause}`
  }
  throw new UserError(why)
}

/** What ended a connection, as a clause. */
export function reason(err: unknown): string {
  switch (errorCode(err)) {
    case 'ECONNREFUSED':
      return 'the connection was refused: nothing listens there, or it is in use'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it, or it is off'
    case 'EPERM':
    case 'EACCES':
      return 'this line may not reach that address'
    case 'ECONNRESET':
      return 'the server reset the connection'
    case 'ETIMEDOUT':
      return 'the server no longer answers'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name has no address'
    default:
      return errorMessage(err)
  }
}

/**
 * Resolves when the kernel has sent the same bytes again and again without an answer; never, otherwise, until aborted.
 * Keepalives find a silent peer; while something is not confirmed there are none.
 */
export async function untilPeerIsGone(socket: Socket, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (!signal.aborted && (await retransmits(socket)) >= RETRANSMITS) return
  }
}

/** From proc_net_tcp(5). A window of zero is another timer: that peer is there. */
async function retransmits({ localPort, remotePort }: Socket): Promise<number> {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, '0')
  const line = new RegExp(
    `^ *\\d+: [0-9A-F]+:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} 01 \\S+ 01:\\S+ ([0-9A-F]+) `,
    'm',
  )
  for (const file of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    const found = line.exec(await readFile(file, 'utf8').catch(() => ''))
    if (found) return Number.parseInt(found[1] ?? '0', 16)
  }
  return 0
}
