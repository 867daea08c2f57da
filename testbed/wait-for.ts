/** Waits for something to become true, with a deadline. Tests use this instead of sleeping. */
import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** Milliseconds; generous, because the machine may be loaded. */
  timeoutMs?: number
  /** Milliseconds between two tries. */
  paceMs?: number
  signal?: AbortSignal
}

const PACE_MS = 25

/**
 * Calls `probe` until it returns something other than undefined, false or null, and returns that.
 * @param what completes the sentence "timed out waiting for …"
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 60_000, paceMs = PACE_MS, signal }: WaitOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>
    if (performance.now() > deadlineMs) throw new Error(`timed out waiting for ${what} (${timeoutMs} ms)`)
    await delay(paceMs, undefined, signal ? { signal } : {})
  }
}
