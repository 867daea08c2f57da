/** A sleep that a loop can be woken from. */
import type { Clock } from '../runtime/clock.ts'

export interface Nap {
  /** Resolves after `ms`, when woken, or when the signal is aborted. */
  sleep(ms: number): Promise<void>
  /** Ends the sleep; without one, the next is none. */
  wake(): void
}

/** Made once for a loop: AbortSignal.any() in each of its turns would stay with a long-lived signal (Node 20). */
export function napper(clock: Clock, signal: AbortSignal): Nap {
  let woken = new AbortController()
  return {
    sleep: async ms => {
      const { signal: wake } = woken
      const stop = () => woken.abort()
      if (signal.aborted) return
      signal.addEventListener('abort', stop)
      try {
        await clock.sleep(ms, wake)
      } finally {
        signal.removeEventListener('abort', stop)
        if (wake.aborted) woken = new AbortController()
      }
    },
    wake: () => woken.abort(),
  }
}
