/** A clock that jumps to the end of the next sleep whenever there is nothing else to do. */
import type { Clock } from '../../runtime/clock.ts'

export function quickClock(): Clock {
  // Not 0: a difference must not be right by chance.
  let nowMs = 1_000_000
  let isTurning = false
  const sleepers: { atMs: number; wake(): void; signal: AbortSignal }[] = []

  function turn(): void {
    const next = sleepers.sort((a, b) => a.atMs - b.atMs).shift()
    if (next && !next.signal.aborted) nowMs = Math.max(nowMs, next.atMs)
    next?.wake()
    isTurning = sleepers.length > 0
    if (isTurning) setImmediate(turn)
  }
  return {
    wallMs: () => nowMs,
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        if (signal.aborted) return resolve()
        const wake = () => {
          signal.removeEventListener('abort', wake)
          resolve()
        }
        sleepers.push({ atMs: nowMs + ms, wake, signal })
        signal.addEventListener('abort', wake)
        if (!isTurning) setImmediate(turn)
        isTurning = true
      }),
  }
}
