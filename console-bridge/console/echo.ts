/** Matches what a target says with what was sent to it: its echo, with anything in between. */

const CR = 0x0d
const LF = 0x0a

/** What comes back of one character. `end`: CR or LF, whichever the target makes of a line end. */
type Expected = number | 'end'

export class Echo {
  readonly #expected: Expected[] = []
  #ends = 0

  /** Characters that did not come back yet. */
  get missing(): number {
    return this.#expected.length
  }

  /** A line end did not come back yet, or too many characters. */
  mustWait(window: number): boolean {
    return this.#ends > 0 || this.missing >= window
  }

  /** Control characters have no echo that one can rely on, and CR LF is one line end. */
  sent(bytes: Buffer): void {
    for (const [at, byte] of bytes.entries()) {
      const isEnd = byte === CR || (byte === LF && bytes[at - 1] !== CR)
      if (isEnd) this.#ends++
      if (isEnd) this.#expected.push('end')
      else if (byte >= 0x20 && byte !== 0x7f) this.#expected.push(byte)
    }
  }

  /** A log message in between delays nothing: only the order of the characters counts. */
  heard(bytes: Buffer): void {
    for (const byte of bytes) {
      const [next] = this.#expected
      if (next === undefined) return
      const isEnd = byte === CR || byte === LF
      if (next === 'end' ? !isEnd : next !== byte) continue
      this.#expected.shift()
      if (next === 'end') this.#ends--
    }
  }

  forget(): void {
    this.#expected.length = 0
    this.#ends = 0
  }
}
