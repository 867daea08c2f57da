/** A clock that stands still until it is told to go on: hours of a device pass in milliseconds. */
import type { Clock } from '../../../runtime/clock.ts'

interface Timer {
  atMs: number
  fire(): void
}

export class FakeClock implements Clock {
  #nowMs = 0
  /** Sorted, the next one last. */
  readonly #timers: Timer[] = []

  /** Waits that have not ended. */
  sleeping = 0

  nowMs = () => this.#nowMs
  wallMs = () => 1_700_000_000_000 + this.#nowMs

  sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve()
    this.sleeping++
    return new Promise(resolve => {
      const wake = () => {
        this.sleeping--
        resolve()
      }
      const onAbort = () => {
        this.#remove(timer)
        wake()
      }
      const timer = this.at(this.#nowMs + Math.max(0, ms), () => {
        signal.removeEventListener('abort', onAbort)
        wake()
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Calls back at that time. */
  at(atMs: number, fire: () => void): Timer {
    const timer = { atMs, fire }
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#timers[middle] as Timer).atMs > atMs) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return timer
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length
  }

  /** Lets time pass, one timer after the other, each with everything that follows from it at once. */
  async runUntil(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      await consequences()
      const next = this.#timers.at(-1)
      if (next === undefined || next.atMs > untilMs || isOver()) break
      this.#timers.pop()
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.fire()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #remove(timer: Timer): void {
    const index = this.#timers.lastIndexOf(timer)
    if (index >= 0) this.#timers.splice(index, 1)
  }
}

/** All promises that can settle have settled when the event loop comes round. */
function consequences(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
