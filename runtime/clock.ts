/** Time as an argument: what waits takes a clock, so that tests need not. */
import { setTimeout as delay } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since 1970; may jump when the board learns the time. For what people read. */
  wallMs(): number
  /** Milliseconds that only go forward. For ages, deadlines and backoff. */
  nowMs(): number
  /** Resolves after `ms`, or at once when the signal is aborted: who waits checks the signal afterwards. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Milliseconds that two readings of one clock may differ by, without the clock having been set. */
const CLOCK_SET_MS = 2_000

/**
 * Turns instants of the monotonic clock into those that people read. A board without a battery learns the time after its start:
 * then all of them follow, and what was before stays as long ago as it was.
 */
export class WallTimes {
  readonly #clock: Pick<Clock, 'wallMs' | 'nowMs'>
  #offsetMs: number

  constructor(clock: Pick<Clock, 'wallMs' | 'nowMs'>) {
    this.#clock = clock
    this.#offsetMs = clock.wallMs() - clock.nowMs()
  }

  /**
   * The same whenever it is asked, until the clock is set.
   * @param ms of `Clock.nowMs`
   * @returns milliseconds since 1970
   */
  of(ms: number): number {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs()
    if (Math.abs(offsetMs - this.#offsetMs) > CLOCK_SET_MS) this.#offsetMs = offsetMs
    return Math.round(ms + this.#offsetMs)
  }
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal })
    } catch (err) {
      if (!signal.aborted) throw err
    }
  },
}
