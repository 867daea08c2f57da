/**
 * Searches the output of one console for its rules, line by line, in small steps: whoever drives it may stop after each of
 * them. No effects.
 */
import { PlainText } from '../session/plain-text.ts'
import { type LineRule, type LineRules, NOT_PLAIN } from './line-rules.ts'

export interface OutputSearchOptions {
  lineRules: LineRules
  /** @param text of the line, without escape sequences and control characters */
  onMatch(rule: LineRule, text: string): void
  /** So much output is not searched, because more of it came than there is time for. */
  onSkipped(bytes: number): void
}

/** Bytes of a line that are searched at once. A longer line is searched in pieces of this length. */
export const LINE_BYTES = 1_024
/** Bytes that two pieces of a line have in common, so that a match across their border is found. */
export const OVERLAP_BYTES = 256
/** Bytes that wait to be searched. */
const PENDING_BYTES = 1_048_576
/** Bytes of one step. */
const BLOCK_BYTES = 32_768

const ODD = new RegExp(NOT_PLAIN)

export class OutputSearch {
  readonly #options: OutputSearchOptions
  #pending: string[] = []
  #pendingBytes = 0
  #skippedBytes = 0
  /** What came of the line that has no end yet. */
  #open = ''
  /** What matched that line already: a rule, or a set by one of its rules. */
  readonly #found = new Set<string>()
  #steps: Generator<void> | undefined

  constructor(options: OutputSearchOptions) {
    this.#options = options
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** There is something to do now. */
  get isBusy(): boolean {
    return this.#steps !== undefined || this.#pendingBytes > 0
  }

  /** The last line has no end yet: a prompt, perhaps. */
  get hasOpenLine(): boolean {
    return this.#open !== ''
  }

  received(bytes: Buffer): void {
    if (this.#skippedBytes > 0 || this.#pendingBytes + bytes.length > PENDING_BYTES) {
      this.#skippedBytes += bytes.length
      return
    }
    this.#pending.push(bytes.toString('latin1'))
    this.#pendingBytes += bytes.length
  }

  /** Searches the line that has no end yet, too. What it has is not found again when its end comes. */
  paused(): void {
    this.#steps ??= this.#searchLine(this.#open)
  }

  /** @returns whether there is more to do */
  step(): boolean {
    this.#steps ??= this.#search()
    if (this.#steps.next().done) this.#steps = undefined
    return this.isBusy
  }

  *#search(): Generator<void> {
    while (this.#pendingBytes > 0) {
      const text = this.#block()
      const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
      if (end > 0) {
        const lines = this.#open + text.slice(0, end)
        this.#open = ''
        yield* this.#searchLines(lines)
      }
      this.#open += text.slice(end)
      while (this.#open.length > LINE_BYTES) {
        yield* this.#searchPiece(this.#open.slice(0, LINE_BYTES))
        this.#open = this.#open.slice(LINE_BYTES - OVERLAP_BYTES)
      }
      yield
    }
    if (this.#skippedBytes === 0) return
    this.#options.onSkipped(this.#skippedBytes)
    this.#skippedBytes = 0
    this.#open = ''
    this.#found.clear()
  }

  #block(): string {
    let bytes = 0
    let count = 0
    while (count < this.#pending.length && bytes < BLOCK_BYTES) bytes += this.#pending[count++]?.length ?? 0
    this.#pendingBytes -= bytes
    return this.#pending.splice(0, count).join('')
  }

  /** Whole lines, the first of which may have been searched in part. */
  *#searchLines(text: string): Generator<void> {
    const { places } = this.#options.lineRules
    let at = 0
    while (at < text.length) {
      let hit = at
      if (places) {
        places.lastIndex = at
        hit = places.exec(text)?.index ?? text.length
      }
      if (hit === text.length) break
      const begin = beginOfLine(text, hit, at)
      const end = endOfLine(text, hit)
      if (begin > 0) this.#found.clear()
      yield* this.#searchLine(text.slice(begin, end))
      this.#found.clear()
      at = end + 1
    }
    this.#found.clear()
  }

  *#searchLine(line: string): Generator<void> {
    for (let at = 0; at === 0 || at + OVERLAP_BYTES < line.length; at += LINE_BYTES - OVERLAP_BYTES) {
      yield* this.#searchPiece(line.slice(at, at + LINE_BYTES))
    }
  }

  *#searchPiece(raw: string): Generator<void> {
    const { lineRules, onMatch } = this.#options
    const text = ODD.test(raw) ? plain(raw) : raw
    if (text.trim() === '' || !lineRules.mayMatch(text)) return
    for (const rule of lineRules.rules) {
      const once = rule.set ?? `rule ${rule.name}`
      if (this.#found.has(once) || !rule.matches(text)) continue
      this.#found.add(once)
      onMatch(rule, text)
      yield
    }
    yield
  }
}

function plain(raw: string): string {
  return new PlainText().feed(Buffer.from(raw, 'latin1')).toString('utf8').replaceAll('\b', '')
}

function beginOfLine(text: string, hit: number, from: number): number {
  let begin = hit
  while (begin > from && !isLineEnd(text, begin - 1)) begin--
  return begin
}

function endOfLine(text: string, hit: number): number {
  let end = hit
  while (end < text.length && !isLineEnd(text, end)) end++
  return end
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x0a || code === 0x0d
}
