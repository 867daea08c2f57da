/** Joins each forwarded channel to the device's own sshd or to the console bridge, and counts who is in. */
import { connect, type Socket } from 'node:net'
import type { Client, ClientChannel, TcpConnectionDetails } from 'ssh2'
import type { Logger } from '../../runtime/log.ts'
import { discard } from '../proof/probe.ts'

export type ListenerName = 'shell' | 'console'

/** Where a listener leads. */
export interface Route {
  name: ListenerName
  /** Port on the relay's 127.0.0.1. */
  listener: number
  /** Port on the device's 127.0.0.1. */
  target: number
}

export interface Forwarding {
  /** Living sessions of people: without the supervisor's own probes, and without who has not said a word. */
  sessions(): Record<ListenerName, number>
  /** Whether who comes is let in; who is in stays. */
  letIn(open: boolean): void
  /** Resolves when nobody is on a console any more, or when aborted. */
  consolesLeft(signal: AbortSignal): Promise<void>
  /** Ends all who are in. */
  endAll(): void
}

export interface ForwardingOptions {
  routes: readonly Route[]
  /** The identification with which our own self-tests begin, so that they do not count as sessions; a probe says nothing. */
  ownIdent: string
  onChange(): void
  log: Logger
}

/** Serves the client's forwarded channels as long as it lives. */
export function forwardChannels(client: Client, { routes, ownIdent, onChange, log }: ForwardingOptions): Forwarding {
  const living = new Map<ClientChannel, ListenerName>()
  const sockets = new Set<Socket>()
  let open = true
  const leaving = new Set<() => void>()
  const consoles = () => [...living.values()].filter(name => name === 'console').length
  const own = Buffer.from(`SSH-2.0-${ownIdent}`)

  client.on('tcp connection', (details: TcpConnectionDetails, accept, reject) => {
    const route = routes.find(({ listener }) => listener === details.destPort)
    if (!route || !open) return reject()
    const socket = connect({ host: '127.0.0.1', port: route.target, noDelay: true, allowHalfOpen: true })
    const onRefused = (err: Error) => {
      log.warn({ listener: route.name, target: route.target, err: err.message }, 'nothing answers behind the listener')
      reject()
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.once('error', onRefused)
    socket.once('connect', () => {
      socket.off('error', onRefused)
      const channel = accept()
      // The first bytes tell a person's SSH client from our own probe; the connection alone is not a session.
      channel.once('data', (first: Buffer) => {
        if (first.subarray(0, own.length).equals(own)) return
        living.set(channel, route.name)
        onChange()
      })
      const left = () => {
        if (!living.delete(channel)) return
        onChange()
        if (consoles() === 0) for (const wake of leaving) wake()
      }
      channel.once('close', left)
      socket.once('close', left)
      join(channel, socket)
    })
  })

  return {
    sessions: () => {
      const count = { shell: 0, console: 0 }
      for (const name of living.values()) count[name]++
      return count
    },
    letIn: nowOpen => {
      open = nowOpen
    },
    consolesLeft: async signal => {
      if (consoles() === 0) return
      await new Promise<void>(resolve => {
        leaving.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
    endAll: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Pipes both ways with half-close, and lets neither end outlive the other. */
function join(channel: ClientChannel, socket: Socket): void {
  channel.on('error', () => socket.destroy())
  socket.on('error', () => channel.destroy())
  channel.once('close', () => socket.destroy())
  socket.once('close', () => {
    discard(channel)
  })
  channel.pipe(socket)
  socket.pipe(channel)
}
