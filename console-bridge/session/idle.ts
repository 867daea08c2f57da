/** Ends what an absent technician left open: first their hold on the keyboard, then the session. */
import type { Clock } from '../../runtime/clock.ts'

export interface IdleOptions {
  /** Milliseconds without a key until the keyboard is free; after as many again, the session ends. */
  limitMs: number
  clock: Clock
  over: AbortSignal
  idleMs(): number
  onKeyboard(): void
  onEnd(): void
}

export async function watchIdle({ limitMs, clock, over, idleMs, onKeyboard, onEnd }: IdleOptions): Promise<void> {
  let isTold = false
  while (!over.aborted) {
    const idle = idleMs()
    if (idle < limitMs) isTold = false
    else if (!isTold) {
      isTold = true
      onKeyboard()
    }
    // Only after the warning had its time, also where the board slept in between.
    else if (idle >= 2 * limitMs) return onEnd()
    const nextMs = idle < limitMs ? limitMs : Math.max(2 * limitMs, idle + 1)
    await clock.sleep(Math.max(1, nextMs - idle), over)
  }
}

/** `90 s`, `10 min` */
export function durationText(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${Math.round(ms / 1_000)} s`
}
