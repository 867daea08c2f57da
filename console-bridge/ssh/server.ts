/** The bridge's SSH server on 127.0.0.1. */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import ssh2, { type Connection } from 'ssh2'
import { coalesceWrites } from '../../runtime/coalesce-writes.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { Admission } from './admission.ts'
import { ALGORITHMS } from './algorithms.ts'
import { type Arrival, arrive } from './arrival.ts'
import { type ConnectionOptions, serveConnection } from './connection.ts'
import { hold } from './hold.ts'
import { turnAway } from './turn-away.ts'

export interface ServerOptions extends Omit<ConnectionOptions, 'place'> {
  /** Private, OpenSSH format. */
  hostKey: string
  /** On 127.0.0.1. */
  port: number
}

export interface BridgeServer {
  readonly listening: boolean
  /** Closes the connections, after the program's signal has ended the sessions. */
  stop(): Promise<void>
}

/** Milliseconds for sessions, and then twice for connections, to end when the program stops: 4 s in all. */
const SESSIONS_MS = 2_000
const GOODBYE_MS = 1_000
/** Milliseconds between two checks of the queue for places. */
const QUEUE_MS = 100
/** Milliseconds between two log lines about too many connections: a flood of the port must not flood the journal. */
const TOO_MANY_MS = 10_000

/**
 * Starts to listen.
 * @throws UserError when the port is taken
 */
export async function startServer(options: ServerOptions): Promise<BridgeServer> {
  const { limits, log, clock } = options
  const { nowMs } = clock
  const arrivals = new Map<Socket, Arrival>()
  const sessions = new Set<Promise<void>>()
  const admission = new Admission(limits, nowMs, Math.random)
  let queue: NodeJS.Timeout | undefined
  /** A timer only while somebody queues: an idle bridge does not wake for it. */
  const serveQueue = () => {
    if (admission.count('queued') === 0) {
      clearInterval(queue)
      queue = undefined
      return
    }
    queue ??= setInterval(() => {
      admission.serveQueue()
      serveQueue()
    }, QUEUE_MS)
  }
  const tooMany = seldom(TOO_MANY_MS, nowMs, (times: number) => {
    const [waiting, queued, unnamed] = (['waiting', 'queued', 'unnamed'] as const).map(stage => admission.count(stage))
    log.warn({ waiting, queued, unnamed, dropped: times }, 'too many connections from 127.0.0.1 wait for their login')
  })

  const ssh = new ssh2.Server(
    {
      hostKeys: [options.hostKey],
      ident: 'oobm-console',
      algorithms: ALGORITHMS,
      keepaliveInterval: limits.keepaliveMs,
      keepaliveCountMax: limits.keepaliveMisses,
    },
    (connection, { header }) => {
      const socket = socketOf(connection)
      const arrival = arrivals.get(socket)
      connection.on('error', () => {})
      if (!arrival) {
        socket.destroy()
        return
      }
      const goOn = hold(connection, socket)
      arrival.queues()
      admission.named(arrival.place, header.versions.software, isAdmitted => {
        if (!isAdmitted) {
          tooMany()
          return turnAway(connection, socket, 'too many connections: try again in a moment')
        }
        arrival.admitted(connection)
        serveConnection(connection, socket, { ...options, place: arrival.kept }, sessions)
        goOn()
      })
      serveQueue()
    },
  )
  ssh.on('error', (err: Error) => log.warn({ err }, 'ssh server error'))

  // A listener of our own: ssh2 reports a connection only after its first line, and some never send one.
  const net = createServer(socket => {
    const arrival = arrive(socket, { admission, limits, log, nowMs, onDropped: tooMany })
    arrivals.set(socket, arrival)
    socket.on('error', () => {})
    socket.once('close', () => {
      arrival.leave()
      arrivals.delete(socket)
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
      clearInterval(queue)
      await bounded(SESSIONS_MS, () => Promise.all(sessions))
      // A client leaves by itself after its sessions ended. Disconnecting it at once would lose the last notices.
      await bounded(GOODBYE_MS, () => closed(arrivals.keys()))
      for (const arrival of arrivals.values()) arrival.end()
      const open = [...arrivals.keys()]
      await bounded(GOODBYE_MS, () => closed(open))
      for (const socket of open) socket.destroy()
    },
  }
}

/** Calls `act` at most once in `ms`, with the number of calls since. */
function seldom(ms: number, nowMs: () => number, act: (times: number) => void): () => void {
  let actedMs = Number.NEGATIVE_INFINITY
  let times = 0
  return () => {
    times++
    if (nowMs() - actedMs < ms) return
    actedMs = nowMs()
    act(times)
    times = 0
  }
}

/** The socket that was injected; ssh2 has no public name for it. */
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
