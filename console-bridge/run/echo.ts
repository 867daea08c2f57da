/** Removes the echo of a command from what the target says after it; pure. */

/** Lines that may come before the echo: a log message, and what redraws the line after it. */
const LINES_BOUND = 20

interface Candidate {
  /** Without spaces: where a line is wrapped, the target inserts or leaves out some. */
  expected: string
  /** Where the command begins in it. */
  from: number
  at: number
}

/**
 * A target echoes as it likes: whole, wrapped with CR LF or a space and CR, redrawn with backspaces where the line is long,
 * behind a log message and the prompt again, or not at all.
 */
export class Echo {
  readonly #candidates: readonly Candidate[]
  #alive: Candidate[] = []
  #state: 'matching' | 'passing' | 'redrawn' | 'seen' | 'none' = 'matching'
  /** What may be the echo. */
  #held = ''
  /** A CR or a backspace came since the beginning of the line. */
  #isRedrawn = false
  #lines = 0

  /**
   * @param command one byte a character, as all text here
   * @param prompt the line on which it is typed; empty if not known
   */
  constructor(command: string, prompt: string) {
    const [wanted, before] = [squeezed(command), squeezed(prompt)]
    this.#candidates = [
      { expected: wanted, from: 0, at: 0 },
      ...(before === '' ? [] : [{ expected: before + wanted, from: before.length, at: 0 }]),
    ]
    this.#begin()
  }

  get isSeen(): boolean {
    return this.#state === 'seen'
  }

  /** What came last is a part of it, and not a prompt. */
  get isOpen(): boolean {
    if (this.#state === 'redrawn') return true
    return this.#state === 'matching' && this.#alive.some(({ from, at }) => at > from)
  }

  /** @returns what is not the echo */
  feed(text: string): string {
    let out = ''
    for (let index = 0; index < text.length; index++) {
      if (this.#state === 'seen' || this.#state === 'none') return out + text.slice(index)
      out += this.#take(text.charAt(index))
    }
    return out
  }

  /** What was held, and is no echo so far: perhaps a prompt. */
  get pending(): string {
    return this.isOpen ? '' : this.#held.replace(/[\x00-\x1f\x7f]/g, '')
  }

  /** No echo comes any more. @returns what was held */
  end(): string {
    if (this.#state !== 'seen') this.#state = 'none'
    return this.#letGo()
  }

  #take(char: string): string {
    switch (this.#state) {
      case 'redrawn':
        if (char === '\n') this.#state = 'seen'
        return ''
      case 'passing':
        if (char === '\n') this.#begin()
        return char
      default:
        this.#held += char
        return /[\x00-\x20\x7f]/.test(char) ? this.#blank(char) : this.#visible(char)
    }
  }

  #blank(char: string): string {
    if (char === '\r' || char === '\b') this.#isRedrawn = true
    if (char !== '\n') return ''
    if (this.#alive.some(({ expected, at }) => at === expected.length)) {
      this.#state = 'seen'
      this.#held = ''
      return ''
    }
    // An end of line inside of the command wraps it; before it, there is a line of something else.
    if (this.isOpen) return ''
    const line = this.#letGo()
    this.#begin()
    return line
  }

  #visible(char: string): string {
    const wasOpen = this.isOpen
    this.#alive = this.#alive
      .filter(({ expected, at }) => expected.charAt(at) === char)
      .map(candidate => ({ ...candidate, at: candidate.at + 1 }))
    if (this.#alive.length > 0) return ''
    if (wasOpen && this.#isRedrawn) {
      this.#state = 'redrawn'
      this.#held = ''
      return ''
    }
    const line = this.#letGo()
    this.#state = 'passing'
    return line
  }

  #begin(): void {
    this.#state = ++this.#lines > LINES_BOUND ? 'none' : 'matching'
    this.#alive = this.#candidates.map(candidate => ({ ...candidate }))
    this.#held = ''
    this.#isRedrawn = false
  }

  #letGo(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}

function squeezed(text: string): string {
  return text.replace(/[\x00-\x20\x7f]/g, '')
}
