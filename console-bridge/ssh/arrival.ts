/** One TCP connection at the SSH server: its place, and how long it may stay without a login or a session. */
import type { Socket } from 'node:net'
import type { Connection } from 'ssh2'
import type { Logger } from '../../runtime/log.ts'
import type { Admission, Place } from './admission.ts'
import { addressOf, type KeptPlace } from './connection.ts'
import type { ServerLimits } from './limits.ts'

export interface Arrival {
  place: Place
  kept: KeptPlace
  /** It identified itself, and queues for a place without a deadline here. */
  queues(): void
  /** It has a place, and a deadline for its login. */
  admitted(connection: Connection): void
  end(): void
  /** The socket is closed. */
  leave(): void
}

export interface ArrivalOptions {
  admission: Admission
  limits: ServerLimits
  log: Logger
  nowMs(): number
  /** A connection was dropped before its login because others came. */
  onDropped(): void
}

/** Milliseconds for the goodbye to a logged-in connection. */
const GOODBYE_MS = 1_000

export function arrive(socket: Socket, { admission, limits, log, nowMs, onDropped }: ArrivalOptions): Arrival {
  const from = addressOf(socket)
  let timer: NodeJS.Timeout | undefined
  let connection: Connection | undefined

  const place = admission.arrived(cause => {
    if (place.stage === 'in') return sendAway(cause)
    onDropped()
    socket.destroy()
  })
  const arrival: Arrival = {
    place,
    kept: {
      asked: key => {
        const before = place.stage
        admission.asked(place, key)
        if (place.stage !== before) after(limits.askedMs, noLogin)
      },
      loggedIn: (key, isLocal) => {
        if (!admission.loggedIn(place, key, isLocal)) return false
        socket.off('data', limitBytes)
        waitForSession()
        return true
      },
      sessions: running => {
        // One that was let in only to be told that there are too many keeps its login deadline.
        if (place.stage !== 'in') return
        place.idleSinceMs = running === 0 ? nowMs() : undefined
        if (running === 0) waitForSession()
        else clearTimeout(timer)
      },
    },
    queues: () => clearTimeout(timer),
    admitted: admitted => {
      connection = admitted
      after(limits.loginMs, noLogin)
    },
    end: () => connection?.end(),
    leave: () => {
      clearTimeout(timer)
      admission.left(place)
    },
  }
  after(limits.loginMs, noLogin)
  socket.on('data', limitBytes)
  return arrival

  function noLogin(): void {
    log.info({ from }, 'connection closed: no login in time')
    socket.destroy()
  }

  function limitBytes(): void {
    if (socket.bytesRead <= limits.loginBytes) return
    log.info({ from, bytes: socket.bytesRead }, 'connection closed: too much was sent before the login')
    socket.destroy()
  }

  function waitForSession(): void {
    after(limits.idleMs, () => sendAway('without a session for too long'))
  }

  function sendAway(cause: string): void {
    log.info({ from, cause }, 'connection closed')
    connection?.end()
    after(GOODBYE_MS, () => socket.destroy())
  }

  function after(ms: number, act: () => void): void {
    clearTimeout(timer)
    if (!socket.destroyed) timer = setTimeout(act, ms)
  }
}
