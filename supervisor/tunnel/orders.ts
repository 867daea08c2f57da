/** What the relay has ordered and still holds: remote maintenance off, and for how long; another relay to go to. */

import type { RelayOrder } from '../../formats/control-protocol.ts'
import type { RelayConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'

/** Lives as long as the supervisor: an order outlives the connection on which it came. */
export class Orders {
  readonly #relays: readonly RelayConfig[]
  readonly #clock: Clock
  #off = false
  /** Monotonic milliseconds; undefined without an end. */
  #offUntilMs: number | undefined
  #offBy: string | undefined
  #changed = new AbortController()
  #redirect: RelayConfig | undefined

  /** @param relays those of the configuration: the only ones that a device can be sent to */
  constructor(relays: readonly RelayConfig[], clock: Clock) {
    this.#relays = relays
    this.#clock = clock
  }

  /** Aborted at the next order that changes something. */
  get changed(): AbortSignal {
    return this.#changed.signal
  }

  /** Milliseconds for which access is still off; 0 while it is on, Infinity without an end. */
  offForMs(): number {
    if (!this.#off) return 0
    if (this.#offUntilMs === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#offUntilMs - this.#clock.nowMs())
  }

  /** Who switched it off, if the relay said so. */
  get offBy(): string | undefined {
    return this.#offBy
  }

  /** The relay to go to instead of the present one; given once. */
  takeRedirect(): RelayConfig | undefined {
    const relay = this.#redirect
    this.#redirect = undefined
    return relay
  }

  maintenance(order: RelayOrder & { type: 'maintenance' }): void {
    if (!order.off && !this.#off) return
    this.#off = order.off
    this.#offBy = order.off ? order.by : undefined
    this.#offUntilMs = undefined
    if (order.off && order.untilS !== undefined) {
      // By the relay's clock if it sends its time: a board without a clock cannot compare times of day.
      const leftS = order.untilS - (order.nowS ?? this.#clock.wallMs() / 1000)
      this.#offUntilMs = this.#clock.nowMs() + Math.max(0, leftS) * 1000
    }
    this.#change()
  }

  /**
   * Accepts a redirection only to a relay of the configuration, whose host, port, login and pinned key the operator has set.
   * @returns false if it is not one of them
   */
  redirect(order: RelayOrder & { type: 'relay' }, present: RelayConfig): boolean {
    const { host, port, user } = order
    const relay = this.#relays.find(one => one.host === host && one.port === port && one.user === user)
    if (!relay) return false
    if (relay === present) return true
    this.#redirect = relay
    this.#change()
    return true
  }

  #change(): void {
    const controller = this.#changed
    this.#changed = new AbortController()
    controller.abort()
  }
}
