/** The answer of a target as lines of text: what a terminal of endless width would show; pure. */

/** Characters of an unfinished line that are kept. */
const LINE_BOUND = 65_536

export class AnswerText {
  #line = ''
  #column = 0
  /** What follows replaces the line: whoever writes shorter text erases the rest, with a sequence that is not text. */
  #isReturned = false
  /** While a pager that was answered is being erased: what may be the indentation of the next line. */
  #indent: string | undefined

  /** The unfinished line. */
  get last(): string {
    return this.#line
  }

  /**
   * @param text without sequences of a terminal, one byte a character
   * @returns the lines that are complete, each with LF
   */
  feed(text: string): string {
    let out = ''
    for (const [part = ''] of text.matchAll(/[\b\r\n]|[^\b\r\n]+/g)) {
      const rest = this.#indent === undefined ? part : this.#erase(part)
      if (rest !== '') out += this.#take(rest)
    }
    return out
  }

  /** The last line was a pager's, which was answered: it is no part of the answer, and neither is what erases it. */
  dropPager(): void {
    this.#line = ''
    this.#column = 0
    this.#isReturned = false
    this.#indent = ''
  }

  #take(part: string): string {
    switch (part) {
      case '\b':
        this.#column = Math.max(0, this.#column - 1)
        return ''
      case '\r':
        this.#column = 0
        this.#isReturned = true
        return ''
      case '\n': {
        const line = `${this.#line}\n`
        this.#line = ''
        this.#column = 0
        this.#isReturned = false
        return line
      }
      default: {
        if (this.#isReturned) this.#line = ''
        this.#isReturned = false
        const after = this.#column + part.length
        this.#line = this.#line.slice(0, this.#column) + part + this.#line.slice(after)
        this.#column = after
        if (this.#line.length <= LINE_BOUND) return ''
        const long = this.#line
        this.#line = ''
        this.#column = 0
        return long
      }
    }
  }

  /** @returns what is of the answer again */
  #erase(part: string): string {
    if (part === '\b' || part === '\r') {
      this.#indent = ''
      return ''
    }
    const indent = this.#indent ?? ''
    if (/^ +$/.test(part)) {
      this.#indent = indent + part
      return ''
    }
    this.#indent = undefined
    return part === '\n' ? part : indent + part
  }
}
