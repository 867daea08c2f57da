/** Bytes that only become more, from counters that begin anew whenever somebody flushes the rules; pure. */

export class Counted {
  #last = 0
  total = 0

  /** @returns bytes since the last reading */
  read(counter: number): number {
    const more = counter >= this.#last ? counter - this.#last : counter
    this.#last = counter
    this.total += more
    return more
  }
}
