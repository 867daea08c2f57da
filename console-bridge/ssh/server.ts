/** The bridge's SSH server on 127.0.0.1: its port, its limits and its end. */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import ssh2, { type Connection } from 'ssh2'
import { coalesceWrites } from '../../runtime/coalesce-writes.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { addressOf, type ConnectionOptions, serveConnection } from './connection.ts'

export interface ServerOptions extends Omit<ConnectionOptions, 'onLogin'> {
  /** Private, OpenSSH format. */
  hostKey: string
  /** On 127.0.0.1. */
  port: number
}

export interface BridgeServer {
  readonly listening: boolean
  /** Closes what is left, after the sessions ended by the program's signal. */
  stop(): Promise<void>
}

/** Milliseconds that sessions, and then connections, have to end when the program stops: 4 s in all. */
const SESSIONS_MS = 2_000
const GOODBYE_MS = 1_000

/**
 * Starts to listen.
 * @throws UserError when the port is taken
 */
export async function startServer(options: ServerOptions): Promise<BridgeServer> {
  const { limits, log } = options
  const connections = new Map<Socket, { connection?: Connection; login: NodeJS.Timeout | undefined }>()
  const sessions = new Set<Promise<void>>()

  const ssh = new ssh2.Server(
    {
      hostKeys: [options.hostKey],
      ident: 'oobm-console',
      keepaliveInterval: limits.keepaliveMs,
      keepaliveCountMax: limits.keepaliveMisses,
    },
    connection => {
      const socket = socketOf(connection)
      const entry = connections.get(socket)
      if (entry) entry.connection = connection
      const onLogin = () => {
        clearTimeout(entry?.login)
        if (entry) entry.login = undefined
      }
      serveConnection(connection, socket, { ...options, onLogin }, sessions)
    },
  )
  ssh.on('error', (err: Error) => log.warn({ err }, 'ssh server error'))

  // A socket of our own, because ssh2 tells of a connection only once its first line came, and some never send one.
  const net = createServer(socket => {
    const waiting = [...connections.values()].filter(({ login }) => login !== undefined).length
    if (connections.size >= limits.connections || waiting >= limits.unauthenticated) {
      log.warn({ connections: connections.size, waiting }, 'connection refused: too many')
      socket.destroy()
      return
    }
    const login = setTimeout(() => {
      log.info({ from: addressOf(socket) }, 'connection closed: no login in time')
      socket.destroy()
    }, limits.loginMs)
    connections.set(socket, { login })
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(connections.get(socket)?.login)
      connections.delete(socket)
    })
    socket.setNoDelay(true)
    coalesceWrites(socket)
    ssh.injectSocket(socket)
  })
  await listen(net, options.port)
  net.on('error', err => log.error({ err }, 'listener error'))

  return {
    get listening() {
      return net.listening
    },
    stop: async () => {
      net.close()
      await bounded(SESSIONS_MS, () => Promise.all(sessions))
      // A client whose sessions ended goes by itself. One that is sent away at once drops the last words unseen.
      await bounded(GOODBYE_MS, () => closed(connections.keys()))
      for (const { connection } of connections.values()) connection?.end()
      const open = [...connections.keys()]
      await bounded(GOODBYE_MS, () => closed(open))
      for (const socket of open) socket.destroy()
    },
  }
}

/** The socket that was injected; ssh2 has no other name for it. */
function socketOf(connection: Connection): Socket {
  return (connection as unknown as { _sock: Socket })._sock
}

async function listen(net: NetServer, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      net.once('error', reject)
      net.listen(port, '127.0.0.1', () => {
        net.off('error', reject)
        resolve()
      })
    })
  } catch (err) {
    const why = errorCode(err) === 'EADDRINUSE' ? 'another program has it (ss -ltnp shows which)' : errorMessage(err)
    throw new UserError(`cannot listen on 127.0.0.1:${port}: ${why}`, EXIT.unavailable, { cause: err })
  }
}

function closed(sockets: Iterable<Socket>): Promise<unknown> {
  return Promise.all([...sockets].map(socket => new Promise(done => socket.once('close', done))))
}

async function bounded(ms: number, work: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    work(),
    new Promise(resolve => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
