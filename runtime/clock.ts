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
