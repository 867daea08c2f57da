/** Waiting that something can end early: the network changed, or somebody asked for a self-test. */

export type Reason = 'network' | 'test'

/** Milliseconds that one wait sleeps through at the most, so that the loop that waits shows its progress. */
const SLICE_MS = 5_000

/** One place to wait for one loop; reasons given while nobody waits are kept for the next wait. */
export class Wake {
  readonly #onSlice: () => void
  #reasons = new Set<Reason>()
  #resume: (() => void) | undefined

  /** @param onSlice called at least every five seconds of a wait: the loop is alive */
  constructor(onSlice: () => void) {
    this.#onSlice = onSlice
  }

  notify(reason: Reason): void {
    this.#reasons.add(reason)
    this.#resume?.()
  }

  /** Waits `ms` milliseconds, or less when notified or aborted; gives the reasons it was notified with, and forgets them. */
  async wait(ms: number, signals: readonly AbortSignal[]): Promise<ReadonlySet<Reason>> {
    const untilMs = performance.now() + ms
    while (this.#reasons.size === 0 && !signals.some(({ aborted }) => aborted)) {
      this.#onSlice()
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) break
      await this.#sleep(Math.min(leftMs, SLICE_MS), signals)
    }
    const reasons = this.#reasons
    this.#reasons = new Set()
    return reasons
  }

  #sleep(ms: number, signals: readonly AbortSignal[]): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.#resume = undefined
        for (const signal of signals) signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#resume = done
      for (const signal of signals) signal.addEventListener('abort', done)
    })
  }
}
