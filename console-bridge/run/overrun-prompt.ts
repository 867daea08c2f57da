/** Notices a prompt that is overrun by what the target says by itself, such as its log; pure. */
import type { Matches } from './prompt.ts'

/** Milliseconds for which only the target's log follows a prompt, until it ends the answer. */
export const OVERRUN_MS = 2_000
/** Lines of one shape that the target said before the command, from which on it says them by itself. */
const CHATTER_LINES = 3
/** Where a prompt may end and a message begin, without a line end between them. */
const PROMPT_END = /[>#$%:\])] ?/g
/** Characters of a prompt. */
const PROMPT_LENGTH = 80

/**
 * A message of the system log: `%LINK-3-UPDOWN: …`, `[  12.345678] …`, `*Mar  1 00:00:10.123: …`, `Nov 26 04:20:07 mx1 …`,
 * `2026 Nov 26 04:20:07 …`.
 */
const LOG_LINE = /%[A-Z][A-Z0-9_-]*-\d-|^\[ *\d+\.\d+\] |^[*.]?(?:\d{4} )?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d/

/** @param before what the target said before the command. @returns whether it said such lines again and again */
export function chatterIn(before: string): (line: string) => boolean {
  const counts = new Map<string, number>()
  for (const line of before.split('\n').slice(0, -1)) counts.set(shapeOf(line), (counts.get(shapeOf(line)) ?? 0) + 1)
  return line => line.trim() !== '' && (counts.get(shapeOf(line)) ?? 0) >= CHATTER_LINES
}

/** Without what counts up. */
function shapeOf(line: string): string {
  return line.trim().replace(/[\da-f]*\d[\da-f]*/gi, '0')
}

export class OverrunPrompt {
  readonly #prompts: string[]
  readonly #isChatter: Matches
  readonly #isPrompt: Matches
  #seen: string | undefined

  /**
   * @param prompt the line on which the command was typed; empty if not known
   * @param isPrompt what else counts where a message follows on the same line
   */
  constructor(prompt: string, isChatter: Matches = () => false, isPrompt: Matches = () => false) {
    this.#prompts = [prompt.trimEnd()]
    this.#isChatter = isChatter
    this.#isPrompt = isPrompt
  }

  /** The prompt after which nothing but the log came. */
  get seen(): string | undefined {
    return this.#seen
  }

  /** The last line looks like a prompt, and there was no silence after it. */
  looksLike(prompt: string): void {
    this.#prompts[1] = prompt.trimEnd()
  }

  /** @param lines complete ones */
  feed(lines: string): void {
    for (const line of lines.split('\n')) {
      if (line.trim() === '') continue
      const prompt = this.#knownIn(line) ?? this.#foundIn(line)
      if (prompt !== undefined) this.#seen = prompt
      else if (!this.#isLog(line)) this.#seen = undefined
    }
  }

  #knownIn(line: string): string | undefined {
    return this.#prompts.find(
      prompt => prompt !== '' && line.startsWith(prompt) && this.#isLog(line.slice(prompt.length).trim()),
    )
  }

  #foundIn(line: string): string | undefined {
    for (const { index, 0: end } of line.slice(0, PROMPT_LENGTH).matchAll(PROMPT_END)) {
      const prompt = line.slice(0, index + end.length)
      const rest = line.slice(prompt.length).trim()
      if (rest !== '' && /[a-z]/i.test(prompt) && !this.#isLog(prompt) && this.#isPrompt(prompt) && this.#isLog(rest))
        return prompt.trimEnd()
    }
    return undefined
  }

  /** What is left of a line behind a prompt may be nothing. */
  #isLog(text: string): boolean {
    return text === '' || LOG_LINE.test(text) || this.#isChatter(text)
  }
}
