/** One TCP connection at the SSH server: its place among the others, and how long it may stay without a login or a session. */
import type { Socket } from 'node:net'
import type { Connection } from 'ssh2'
import type { Logger } from '../../runtime/log.ts'
import type { Admission, Place } from './admission.ts'
import { addressOf, type KeptPlace } from './connection.ts'
import type { ServerLimits } from './limits.ts'

export interface Arrival {
  place: Place
  kept: KeptPlace
  /** Set once the client's greeting came. */
  connection: Connection | undefined
  /** The socket is closed. */
  leave(): void
}

export interface ArrivalOptions {
  admission: Admission
  limits: ServerLimits
  log: Logger
  nowMs(): number
  /** One was dropped before its login because others came. */
  onDropped(): void
}

/** Milliseconds for the goodbye to a logged-in connection. */
const GOODBYE_MS = 1_000

export function arrive(socket: Socket, { admission, limits, log, nowMs, onDropped }: ArrivalOptions): Arrival {
  const from = addressOf(socket)
  let timer: NodeJS.Timeout | undefined

  const place = admission.arrived(cause => {
    if (place.stage === 'in') return sendAway(cause)
    onDropped()
    socket.destroy()
  })
  const arrival: Arrival = {
    place,
    kept: {
      asked: key => {
        admission.asked(place, key)
        if (place.stage === 'asked') limitLogin(limits.askedMs)
      },
      loggedIn: (key, isLocal) => {
        if (!admission.loggedIn(place, key, isLocal)) return false
        socket.off('data', limitBytes)
        waitForSession()
        return true
      },
      sessions: running => {
        // One that was let in only to hear that there are too many keeps the time of its login.
        if (place.stage !== 'in') return
        place.idleSinceMs = running === 0 ? nowMs() : undefined
        if (running === 0) waitForSession()
        else clearTimeout(timer)
      },
    },
    connection: undefined,
    leave: () => {
      clearTimeout(timer)
      admission.left(place)
    },
  }
  limitLogin(limits.loginMs)
  socket.on('data', limitBytes)
  return arrival

  function limitLogin(ms: number): void {
    after(ms - (nowMs() - place.arrivedMs), () => {
      log.info({ from }, 'connection closed: no login in time')
      socket.destroy()
    })
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
    arrival.connection?.end()
    after(GOODBYE_MS, () => socket.destroy())
  }

  function after(ms: number, act: () => void): void {
    clearTimeout(timer)
    if (!socket.destroyed) timer = setTimeout(act, ms)
  }
}
