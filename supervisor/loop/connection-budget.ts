/** Limits how many connections this device makes, whatever the reason: a fault, a flapping link, or a person. */
import type { Clock } from '../../runtime/clock.ts'

/** Connections in one minute, at most. */
export const CONNECTIONS_A_MINUTE = 30
const MINUTE_MS = 60_000
/** Milliseconds that one waits for its turn where no others wait. */
export const BUDGET_WAIT_MAX_MS = MINUTE_MS

export class ConnectionBudget {
  readonly #clock: Clock
  #madeAtMs: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits until one more is within the budget; false when aborted before. */
  async take(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (signal.aborted) return false
      const nowMs = this.#clock.nowMs()
      this.#madeAtMs = this.#madeAtMs.filter(atMs => nowMs - atMs < MINUTE_MS)
      const [oldestMs] = this.#madeAtMs
      if (oldestMs === undefined || this.#madeAtMs.length < CONNECTIONS_A_MINUTE) {
        this.#madeAtMs.push(nowMs)
        return true
      }
      await this.#clock.sleep(oldestMs + MINUTE_MS - nowMs + 1, signal)
    }
  }
}
