/** The time of records: what the clock says, whether it is known to be right, and by how much it was set. */
import type { Clock } from '../../runtime/clock.ts'
import type { Quality } from './record.ts'

/** Milliseconds by which the clock must move against the monotonic one to count as set; NTP slews 500 ppm, 30 ms a minute. */
const SET_MS = 1_000

export class ClockWatch {
  readonly #clock: Pick<Clock, 'wallMs' | 'nowMs'>
  readonly #isSynchronized: () => boolean
  #offsetMs: number
  #quality: Quality

  /** @param isSynchronized whether the clock is known to be right; asked at each check until it is */
  constructor(clock: Pick<Clock, 'wallMs' | 'nowMs'>, isSynchronized: () => boolean) {
    this.#clock = clock
    this.#isSynchronized = isSynchronized
    this.#offsetMs = clock.wallMs() - clock.nowMs()
    this.#quality = isSynchronized() ? 'sync' : 'guess'
  }

  get quality(): Quality {
    return this.#quality
  }

  /** @param ms of `Clock.nowMs` @returns whole milliseconds since 1970, as the clock was at the last check */
  wallOf(ms: number): number {
    return Math.round(ms + this.#offsetMs)
  }

  /**
   * Looks at the clock again. Called at least every minute, so that what is slewed in between does not count as set.
   * @returns milliseconds by which the clock was set since the last check; 0 for none
   */
  check(): number {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs()
    const byMs = offsetMs - this.#offsetMs
    this.#offsetMs = offsetMs
    if (this.#quality === 'guess' && this.#isSynchronized()) this.#quality = 'sync'
    return Math.abs(byMs) < SET_MS ? 0 : Math.round(byMs)
  }
}
