/** Connections that speak only as much SSH as a test needs, and a bridge in this process with limits of the test. */
import { connect, type Socket } from 'node:net'
import { silentLog } from '../../runtime/log.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { runBridge } from '../run-bridge.ts'
import type { ServerLimits } from '../ssh/limits.ts'
import { type BridgeFiles, statusWhere } from './bridge-fixture.ts'

/** A console whose line never opens. */
export const NOT_THERE = { name: 'core-sw1', path: '/dev/not-plugged-in' }
const SSH_MSG_KEXINIT = 20

export async function startInside(
  context: TestContext,
  files: BridgeFiles,
  limits: Partial<ServerLimits>,
): Promise<void> {
  const ending = new AbortController()
  const env = { ...process.env, ...files.env }
  const done = runBridge({ env, signal: ending.signal, schemes: {}, limits, log: silentLog })
  context.cleanup(() => {
    ending.abort()
    return done
  })
  await statusWhere(files, 'there', () => true)
}

export interface Raw {
  socket: Socket
  /** Whether the other side closed it. */
  closed(): boolean
  /** What came, a character for each byte. */
  said(): string
}

/** A raw TCP connection. */
export function raw(context: TestContext, port: number, greeting = ''): Raw {
  const socket = connect(port, '127.0.0.1')
  let closed = false
  let said = ''
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.setEncoding('latin1').on('data', text => {
    said += text
  })
  if (greeting !== '') socket.write(greeting)
  context.cleanup(() => socket.destroy())
  return { socket, closed: () => closed, said: () => said }
}

/** Clients that identify themselves and then send nothing; each got the server's KEXINIT. */
export async function waitingClients(context: TestContext, port: number, count: number): Promise<Raw[]> {
  const clients = Array.from({ length: count }, () => raw(context, port, 'SSH-2.0-x\r\n'))
  await waitFor('all to be answered', () => clients.every(({ said }) => hasKexInit(said())))
  return clients
}

/** The type of the first packet, after its length and padding length (RFC 4253, section 6). */
export function hasKexInit(said: string): boolean {
  return said.charCodeAt(said.indexOf('\r\n') + 2 + 5) === SSH_MSG_KEXINIT
}
