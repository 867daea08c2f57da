/** How long a line that is not a device file waits before it is opened again: nothing shows that its far end is back. */
import { type BackoffLimits, backoffMs } from '../../runtime/backoff.ts'

export class Retries {
  readonly #limits: BackoffLimits
  readonly #stableMs: number
  readonly #random: () => number
  #failures = 0
  #openedAtMs: number | undefined

  /** @param stableMs milliseconds for which a line is open before its loss counts as the first failure */
  constructor(limits: BackoffLimits, stableMs: number, random: () => number) {
    this.#limits = limits
    this.#stableMs = stableMs
    this.#random = random
  }

  opened(nowMs: number): void {
    this.#openedAtMs = nowMs
  }

  /** Call once after each failed opening, and after each loss. */
  nextMs(nowMs: number): number {
    const wasStable = this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= this.#stableMs
    this.#openedAtMs = undefined
    this.#failures = wasStable ? 1 : this.#failures + 1
    return backoffMs(this.#failures, this.#limits, this.#random)
  }
}
