/** Bytes of an interface in the last 24 hours, from a counter that may begin anew. */

const HOUR_MS = 3_600_000
const HOURS = 24

export class DataUse {
  #lastCount = 0
  #total = 0
  /** The total at the end of each of the last hours, the newest last. */
  #hours: { atMs: number; total: number }[]

  /** @param count of the interface now: what was before is not counted */
  constructor(count: number, nowMs: number) {
    this.#lastCount = count
    this.#hours = [{ atMs: nowMs, total: 0 }]
  }

  /** @param count bytes since the interface came; smaller than before when it was plugged in again */
  sample(count: number, nowMs: number): void {
    this.#total += count < this.#lastCount ? count : count - this.#lastCount
    this.#lastCount = count
    const last = this.#hours.at(-1)
    if (last && nowMs - last.atMs < HOUR_MS) return
    this.#hours = [...this.#hours, { atMs: nowMs, total: this.#total }].slice(-HOURS - 1)
  }

  /** Since the start, where that is less than 24 hours ago; an hour more or less after that. */
  get lastDay(): number {
    return this.#total - (this.#hours[0]?.total ?? 0)
  }
}
