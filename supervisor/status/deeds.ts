/** Events at this device that wait for a relay: a relay that is away for a short time misses none. */

import { formatEvent, formatSession } from '../../formats/control-protocol.ts'
import type { SettingsAnswer } from '../../formats/settings-delivery.ts'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import { AlertsToTell } from './alerts-to-tell.ts'
import { HourlyTold } from './hourly-told.ts'
import { type Move, MoveEvents } from './move.ts'
import type { ToldAlerts } from './told-alerts.ts'
import type { EndedShell } from './watch-shells.ts'

/** Events that wait for a relay; older ones are counted and reported as lost. */
const WAITING_MAX = 64

/** Events that are sent in a row: a relay reads two a second, and the next report must not wait behind them. */
const AT_ONCE = 2

/** As a line of the protocol; the function gives seconds since a moment of `Clock.nowMs`. */
type Line = (agoS: (thenMs: number) => number) => string

interface Deed {
  line: Line
  /** It has a `ref`: the relay's history shows it once, however often it is told. */
  mayRepeat: boolean
}

export class Deeds {
  readonly #clock: Clock
  readonly #waiting: Deed[] = []
  /** Those that a connection accepted lately, and when: what it did not carry to the relay is told again. */
  #sent: { deed: Deed; atMs: number }[] = []
  readonly #alerts: AlertsToTell
  readonly #moves = new MoveEvents()
  readonly #presses = new HourlyTold('presses')
  #lost = 0
  #isAlertsTurn = false
  #told: { bridge: string; id: number } | undefined

  constructor(clock: Clock, told?: ToldAlerts) {
    this.#clock = clock
    this.#alerts = new AlertsToTell(clock, told)
  }

  /** Takes in the bridge's present status and the one before; undefined while there is none. */
  look(before: ConsoleStatus | undefined, after: ConsoleStatus | undefined): void {
    // Times of day to times of ours: the clock may be set before the relay is told.
    const aheadMs = this.#clock.wallMs() - this.#clock.nowMs()
    const nowMs = this.#clock.nowMs()
    for (const { console, technician, since } of gone(before, after)) {
      this.#keepOnce(agoS => formatSession({ console, technician, fromS: agoS(since - aheadMs), toS: agoS(nowMs) }))
    }
    if (!after) return
    this.#alerts.look(after)
    const bridge = `${after.heartbeat.bootId.slice(0, 8)}.${after.pid}`
    const toldId = this.#told?.bridge === bridge ? this.#told.id : 0
    for (const { id, at, since, event, console, technician, from, detail } of after.events ?? []) {
      if (id <= toldId) continue
      const who = { ...(console !== undefined && { console }), ...(technician !== undefined && { technician }) }
      const what = { event, ...who, address: from, detail, ref: `${bridge}.${id}` }
      this.#keep(agoS =>
        formatEvent({
          ...what,
          agoS: agoS(at - aheadMs),
          ...(since !== undefined && { fromS: agoS(since - aheadMs) }),
        }),
      )
      this.#told = { bridge, id }
    }
  }

  /** Takes in that somebody has left a shell. */
  shellEnded({ account, person, from, openedAt, closedAt }: EndedShell): void {
    const aheadMs = this.#clock.wallMs() - this.#clock.nowMs()
    const detail = person === null ? `as ${account}, with a key of nobody here` : `as ${account}`
    const what = { event: 'shell', technician: person ?? account, address: from, detail, ref: `shell.${openedAt}` }
    this.#keep(agoS => formatEvent({ ...what, agoS: agoS(closedAt - aheadMs), fromS: agoS(openedAt - aheadMs) }))
  }

  /** Takes in that the tunnel goes another way. */
  moved(move: Move): void {
    const { kind, lostMs, backMs } = move
    const wallMs = Math.round(this.#clock.wallMs())
    for (const what of this.#moves.take(move)) {
      const ref = `${what.event}.${wallMs}`
      this.#keep(agoS =>
        formatEvent({ ...what, agoS: agoS(backMs), ...(kind === 'lost' && { fromS: agoS(lostMs) }), ref }),
      )
    }
  }

  /** Takes in that somebody pressed the button. */
  buttonPressed(detail: string): void {
    const atMs = this.#clock.nowMs()
    const told = this.#presses.take(atMs, detail)
    if (told === undefined) return
    const ref = `button.${Math.round(this.#clock.wallMs())}`
    this.#keep(agoS => formatEvent({ event: 'button', agoS: agoS(atMs), detail: told, ref }))
  }

  /** Takes in what became of a settings document. */
  settingsAnswered({ digest, state, serial, sinceS, cause }: SettingsAnswer): void {
    const atMs = this.#clock.nowMs() - sinceS * 1000
    const detail = [serial === null ? digest.slice(0, 12) : `serial ${serial}`, state].join(' ')
    const ref = `settings.${digest.slice(0, 32)}.${state}`
    this.#keep(agoS =>
      formatEvent({ event: 'settings', agoS: agoS(atMs), detail: cause === '' ? detail : `${detail}: ${cause}`, ref }),
    )
  }

  /** Takes in what became of the relay that userdata named. */
  userdataDecided(detail: string): void {
    const atMs = this.#clock.nowMs()
    const ref = `userdata.${Math.round(this.#clock.wallMs())}`
    this.#keep(agoS => formatEvent({ event: 'settings', agoS: agoS(atMs), detail, ref }))
  }

  /** Sends the waiting events, as many as the connection accepts. */
  tell(send: (line: string) => boolean): void {
    const nowMs = this.#clock.nowMs()
    const agoS = (thenMs: number) => Math.min(1e10, Math.max(0, Math.round((nowMs - thenMs) / 1000)))
    this.#alerts.note()
    this.#lost += this.#alerts.takeLost()
    if (this.#lost > 0) {
      const detail = `${this.#lost} events that no relay received`
      if (!send(formatEvent({ event: 'lost', agoS: 0, detail }))) return
      this.#lost = 0
    }
    for (let told = 0; told < AT_ONCE; told++) {
      // In turn: neither waits behind many of the other.
      this.#isAlertsTurn = !this.#isAlertsTurn
      const isTold = this.#isAlertsTurn
        ? this.#alerts.tellOne(send) || this.#tellOne(send, agoS)
        : this.#tellOne(send, agoS) || this.#alerts.tellOne(send)
      if (!isTold) return
    }
  }

  /** The connection to the relay is over: what may not have reached it is told again. */
  connectionEnded(unsureMs: number): void {
    this.#alerts.connectionEnded(unsureMs)
    const sinceMs = this.#clock.nowMs() - unsureMs
    const unsure = this.#sent.filter(({ atMs }) => atMs >= sinceMs).map(({ deed }) => deed)
    this.#sent = []
    const room = WAITING_MAX - this.#waiting.length
    if (room > 0) this.#waiting.unshift(...unsure.slice(-room))
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0 || this.#alerts.isWaiting
  }

  #tellOne(send: (line: string) => boolean, agoS: (thenMs: number) => number): boolean {
    const [first] = this.#waiting
    if (first === undefined || !send(first.line(agoS))) return false
    this.#waiting.shift()
    if (first.mayRepeat) this.#sent = [...this.#sent, { deed: first, atMs: this.#clock.nowMs() }].slice(-WAITING_MAX)
    return true
  }

  #keep(line: Line, mayRepeat = true): void {
    this.#waiting.push({ line, mayRepeat })
    if (this.#waiting.length <= WAITING_MAX) return
    this.#waiting.shift()
    this.#lost++
  }

  /** For what has no `ref`: told twice, it would be there twice. */
  #keepOnce(line: Line): void {
    this.#keep(line, false)
  }
}

/** Sessions that have ended. A bridge that does not answer says nothing about anybody. */
function gone(before: ConsoleStatus | undefined, after: ConsoleStatus | undefined) {
  const seatsOf = (status: ConsoleStatus) =>
    status.consoles.flatMap(({ name, sessions }) => sessions.map(seat => ({ ...seat, console: name })))
  if (!before || !after) return []
  const isSame = (a: { console: string; id: number }, b: typeof a) => a.console === b.console && a.id === b.id
  // A bridge that was restarted has none of them.
  const here = before.pid === after.pid ? seatsOf(after) : []
  return seatsOf(before).filter(seat => !here.some(one => isSame(one, seat)))
}
