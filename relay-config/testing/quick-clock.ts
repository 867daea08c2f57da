/** A clock on which time goes only while somebody waits, for one who waits; it ends all after a while. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../runtime/clock.ts'

export function quickClock(untilMs: number): { clock: Clock; over: AbortController } {
  const over = new AbortController()
  let nowMs = 1_000
  const endMs = nowMs + untilMs
  const sleep = async (ms: number) => {
    nowMs += ms
    if (nowMs > endMs) over.abort()
    await setImmediate()
  }
  return { clock: { nowMs: () => nowMs, wallMs: () => nowMs, sleep }, over }
}
