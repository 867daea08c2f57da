/** A sleep from which a loop can be woken. */
import type { Clock } from '../runtime/clock.ts'

export interface Nap {
  /** Resolves after `ms`, when woken, or when the signal is aborted. */
  sleep(ms: number): Promise<void>
  /** Ends the sleep; when nobody sleeps, the next sleep ends at once. */
  wake(): void
}

/** Made once for a loop: AbortSignal.any() in each turn would leak into a long-lived signal (Node 20). */
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
