/** What is told one by one so often an hour, and counted beyond: what flaps must not push out what people did; pure. */

const TOLD_MAX = 12
const HOUR_MS = 3_600_000

export class HourlyTold {
  readonly #what: string
  #toldMs: number[] = []
  #untold = 0

  /** @param what they are called, several of them */
  constructor(what: string) {
    this.#what = what
  }

  /** @returns the text, with how many before it were not told; undefined where this one is not */
  take(nowMs: number, detail: string): string | undefined {
    return this.takeEach(nowMs, [detail])?.[0]
  }

  /** Several that count as one. */
  takeEach(nowMs: number, details: readonly string[]): string[] | undefined {
    this.#toldMs = this.#toldMs.filter(ms => nowMs - ms < HOUR_MS)
    if (this.#toldMs.length >= TOLD_MAX) {
      this.#untold++
      return undefined
    }
    this.#toldMs.push(nowMs)
    const untold = this.#untold === 0 ? '' : `after ${this.#untold} more ${this.#what}: `
    this.#untold = 0
    return details.map(detail => `${untold}${detail}`)
  }
}
