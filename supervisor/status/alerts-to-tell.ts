/**
 * Alerts of this device that a relay is to be told: each as it is now, however often it changed meanwhile. What was said into a
 * connection that turned out to be dead is said again; a relay knows an alert by its `ref`. Pure.
 */
import { formatAlert } from '../../formats/control-protocol.ts'
import type { ConsoleStatus, ToldAlert } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ToldAlerts, ToldCounts } from './told-alerts.ts'

/** Alerts that are remembered; older ones that no relay was told are counted as lost. */
const REMEMBERED_MAX = 128
/** Milliseconds after which what was sent has certainly arrived, or its connection was given up. */
const CERTAIN_MS = 300_000

interface Known {
  alert: ToldAlert
  /** The count that was sent, and when; undefined while nothing was. */
  sent: { count: number; atMs: number } | undefined
}

export class AlertsToTell {
  readonly #clock: Clock
  /** By ref, the ones that changed last at the end. */
  readonly #known = new Map<string, Known>()
  readonly #told: ToldAlerts
  #noted: string
  #lost = 0

  /** @param told what is remembered over a restart */
  constructor(clock: Clock, told: ToldAlerts = { before: {}, put: () => {} }) {
    this.#clock = clock
    this.#told = told
    this.#noted = JSON.stringify(told.before)
  }

  /** Takes in the bridge's present status. */
  look({ alerts = [] }: Pick<ConsoleStatus, 'alerts'>): void {
    for (const alert of alerts) {
      const known = this.#known.get(alert.ref)
      // Its times change where the clock of the device was set.
      if (known && alert.count <= known.alert.count) known.alert = alert
      else {
        this.#known.delete(alert.ref)
        this.#known.set(alert.ref, { alert, sent: known ? known.sent : this.#sentBefore(alert.ref) })
      }
    }
    for (const [ref, { alert, sent }] of this.#known) {
      if (this.#known.size <= REMEMBERED_MAX) break
      this.#known.delete(ref)
      if (sent?.count !== alert.count) this.#lost++
    }
  }

  get isWaiting(): boolean {
    return this.#next !== undefined
  }

  /** How many were dropped before a relay was told, since this was asked last. */
  takeLost(): number {
    const lost = this.#lost
    this.#lost = 0
    return lost
  }

  /** Sends one alert. @returns false where none waits, or the connection takes none */
  tellOne(send: (line: string) => boolean): boolean {
    const next = this.#next
    if (!next) return false
    const { alert } = next
    const { since, at, ...rest } = alert
    const agoS = (thenMs: number) => Math.min(1e10, Math.max(0, Math.round((this.#clock.wallMs() - thenMs) / 1000)))
    if (!send(formatAlert({ ...rest, agoS: agoS(at), fromS: agoS(since) }))) return false
    next.sent = { count: alert.count, atMs: this.#clock.nowMs() }
    return true
  }

  /** The connection is over. What was sent in its last `unsureMs` may not have reached the relay. */
  connectionEnded(unsureMs: number): void {
    const sinceMs = this.#clock.nowMs() - unsureMs
    for (const known of this.#known.values()) {
      if (known.sent && known.sent.atMs >= sinceMs) known.sent = undefined
    }
  }

  /** Notes what was certainly told, for the next start. */
  note(): void {
    const atMs = this.#clock.nowMs() - CERTAIN_MS
    const counts: ToldCounts = Object.fromEntries(
      [...this.#known].flatMap(([ref, { sent }]) => (sent && sent.atMs <= atMs ? [[ref, sent.count]] : [])),
    )
    const text = JSON.stringify(counts)
    // Before the bridge has said anything, nothing is known.
    if (text === this.#noted || this.#known.size === 0) return
    this.#noted = text
    this.#told.put(counts)
  }

  #sentBefore(ref: string): Known['sent'] {
    const { before } = this.#told
    const count = Object.hasOwn(before, ref) ? before[ref] : undefined
    return count === undefined ? undefined : { count, atMs: Number.NEGATIVE_INFINITY }
  }

  get #next(): Known | undefined {
    for (const known of this.#known.values()) if (known.sent?.count !== known.alert.count) return known
    return undefined
  }
}
