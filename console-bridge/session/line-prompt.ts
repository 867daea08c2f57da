/** Reads one line from a technician, for the bridge itself: what they type here is not sent to the target. No effects. */

/** `echo` is to be shown. */
export type PromptResult = { echo: string } & (
  | { kind: 'more' }
  /** `rest`: bytes that came after it in one piece. */
  | { kind: 'done'; line: string; rest: number }
  | { kind: 'cancelled'; rest: number }
)

/** Characters of a line; more are not taken. */
const LINE_CHARACTERS = 500
const ERASE = '\b \b'

/** Escape and Ctrl-C cancel, Backspace and Ctrl-U erase. The input may be cut anywhere. */
export class LinePrompt {
  #characters: string[] = []
  readonly #decoder = new TextDecoder()

  feed(input: Buffer): PromptResult {
    let echo = ''
    for (const [at, byte] of input.entries()) {
      const rest = input.length - at - 1
      if (byte === 0x0d || byte === 0x0a) return { kind: 'done', echo, line: this.#characters.join(''), rest }
      if (byte === 0x03 || byte === 0x1b) return { kind: 'cancelled', echo, rest }
      if (byte === 0x7f || byte === 0x08) {
        if (this.#characters.pop() !== undefined) echo += ERASE
      } else if (byte === 0x15) {
        echo += ERASE.repeat(this.#characters.length)
        this.#characters = []
      } else if (byte >= 0x20) {
        const text = this.#decoder.decode(input.subarray(at, at + 1), { stream: true })
        // Nothing invisible, and no width but one: Backspace would erase the wrong cell.
        for (const character of text.replace(/[\p{C}\p{M}]/gu, '')) {
          if (this.#characters.length === LINE_CHARACTERS) continue
          this.#characters.push(character)
          echo += character
        }
      }
    }
    return { kind: 'more', echo }
  }
}
