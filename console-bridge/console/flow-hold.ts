/** Whether flow control holds a line, and since when; two observers report it. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import type { Hold } from './seat.ts'

/** `queue`: the line takes nothing of what waits. `line`: the line itself says so. */
export type Holder = 'queue' | 'line'

export class FlowHold {
  readonly #holders = new Set<Holder>()
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #cause: () => string
  /** Milliseconds of the monotonic clock. */
  #sinceMs = 0

  /** @param cause what holds this kind of line, for people */
  constructor(clock: Clock, cause: () => string) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
    this.#cause = cause
  }

  /** Undefined while nothing holds the line. */
  get now(): Hold | undefined {
    if (this.#holders.size === 0) return undefined
    return { since: this.#times.of(this.#sinceMs), cause: this.#cause() }
  }

  /** @returns whether this changed anything: the line is held now and was not, or the reverse */
  tell(by: Holder, isHeld: boolean): boolean {
    const wasHeld = this.#holders.size > 0
    if (isHeld) this.#holders.add(by)
    else this.#holders.delete(by)
    if (wasHeld === this.#holders.size > 0) return false
    if (!wasHeld) this.#sinceMs = this.#clock.nowMs()
    return true
  }
}
