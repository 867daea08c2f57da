/** Connects each forwarded channel to the device's own sshd or to the console bridge, and counts sessions. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { settled, whenAborted, within } from '../../runtime/waiting.ts'
import type { DialLocal } from '../network/dial-local.ts'
import type { Answer, Arrival, Connection } from '../ssh/connection.ts'
import { Entrance } from './entrance.ts'

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
  /** Sessions of people: without the supervisor's own probes, and without connections that have sent nothing. */
  sessions(): Record<ListenerName, number>
  /** Whether new connections are accepted; those that exist stay. */
  letIn(open: boolean): void
  /** Resolves when nobody is on a console any more, or when aborted. */
  consolesLeft(signal: AbortSignal): Promise<void>
  /** Ends all sessions. */
  endAll(): void
}

export interface ForwardingOptions {
  routes: readonly Route[]
  dialLocal: DialLocal
  /** The identification that our own self-tests send first, so that they do not count as sessions; a probe sends nothing. */
  ownIdent: string
  onChange(): void
  clock: Clock
  log: Logger
}

/** Milliseconds that a server on this device has to accept a connection: a stopped one does so from its backlog, or never. */
const LOCAL_MS = 10_000

/**
 * People at each listener. With those who say nothing, those at the shell stay below the `PerSourceMaxStartups` of the
 * device's sshd, so that the self-test is always let in; the console bridge chooses by itself who stays when there are too many.
 */
const PEOPLE = { shell: 60, console: 200 }

/** Serves new channels of the connection as long as it lives. */
export function forwardChannels(connection: Connection, options: ForwardingOptions): Forwarding {
  const { routes, dialLocal, ownIdent, onChange, clock, log } = options
  const living = new Map<Duplex, ListenerName>()
  const sockets = new Set<Duplex>()
  const entrances = new Map(
    routes.map(({ name, listener }) => [listener, new Entrance(PEOPLE[name], clock, connection.closed)]),
  )
  let open = true
  const leaving = new Set<() => void>()
  const consoles = () => [...living.values()].filter(name => name === 'console').length
  const own = Buffer.from(`SSH-2.0-${ownIdent}`)

  const serve = async (arrival: Arrival) => {
    const route = routes.find(({ listener }) => listener === arrival.port)
    const entrance = entrances.get(arrival.port)
    if (!route || !entrance || !open) return arrival.reject()
    const visitor = await entrance.enter()
    if (!visitor) return arrival.reject()
    const turnAway = () => {
      visitor.leave()
      arrival.reject()
    }
    if (!open) return turnAway()
    const { displaced } = visitor
    const dial = (signal: AbortSignal) => dialLocal(route.target, signal)
    const discard = (late: Answer<Duplex>) => void (late.ok && late.value.destroy())
    const dialled = await within(LOCAL_MS, [connection.closed, displaced], dial, { clock, discard })
    const answer: Answer<Duplex> =
      dialled.kind === 'done' ? dialled.value : { ok: false, cause: 'it accepts no connection' }
    if (!answer.ok) {
      const { name: listener, target } = route
      if (!displaced.aborted) log.warn({ listener, target, cause: answer.cause }, 'nothing answers behind the listener')
      return turnAway()
    }
    const socket = answer.value
    if (connection.closed.aborted || displaced.aborted || !open) {
      socket.destroy()
      return turnAway()
    }
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      visitor.leave()
    })
    const channel = arrival.accept()
    void whenAborted(displaced).then(() => socket.destroy())
    const count = ({ length }: Buffer) => {
      const fate = visitor.sends(length)
      if (fate === 'undecided') return
      channel.off('data', count)
      if (fate === 'in') return
      log.warn({ listener: route.name, people: PEOPLE[route.name] }, 'too many people: a new connection is refused')
      socket.destroy()
    }
    // The first bytes tell a person's SSH client from our own probe; the connection alone is not a session.
    channel.once('data', (first: Buffer) => {
      if (first.subarray(0, own.length).equals(own)) return visitor.leave()
      living.set(channel, route.name)
      onChange()
      channel.on('data', count)
      count(first)
    })
    const left = () => {
      if (!living.delete(channel)) return
      onChange()
      if (consoles() === 0) for (const wake of leaving) wake()
    }
    channel.once('close', left)
    socket.once('close', left)
    join(channel, socket)
  }
  connection.onArrival(arrival => void serve(arrival))

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
      await settled<void>(signal, undefined, settle => leaving.add(settle))
      leaving.clear()
    },
    endAll: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Milliseconds that a server has to greet a visitor who has closed its half at once, as `ssh -W HOST:PORT </dev/null` does. */
const GREET_MS = 3_000

/**
 * Pipes both ways with half-close, and lets neither end outlive the other. A visitor who has left, and whom the server does
 * not greet, takes the connection along: an SSH server speaks first (RFC 4253, section 4.2), and one that hangs closes
 * nothing. A client that tries its port again and again would otherwise take every place, also those of the other listener.
 */
function join(channel: Duplex, socket: Duplex): void {
  let isServed = false
  let leaving: NodeJS.Timeout | undefined
  socket.once('data', () => {
    isServed = true
    clearTimeout(leaving)
  })
  channel.once('end', () => {
    if (!isServed && !socket.destroyed) leaving = setTimeout(() => socket.destroy(), GREET_MS)
  })
  socket.once('close', () => clearTimeout(leaving))
  channel.on('error', () => socket.destroy())
  socket.on('error', () => channel.destroy())
  channel.once('close', () => socket.destroy())
  socket.once('close', () => channel.destroy())
  channel.pipe(socket)
  socket.pipe(channel)
}
