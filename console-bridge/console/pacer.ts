/** Says how much of a paste may be sent now, and until when the rest waits. Pure: who sends has the clock. */
import { Echo } from './echo.ts'
import type { Pacing } from './pacing.ts'

/** Milliseconds without input after which what is pasted next counts as another paste. */
const PAUSE_MS = 1_000
/** Milliseconds after which a target that does not answer may wait for a person. */
const STUCK_MS = 1_000
/** Milliseconds of silence after what looks like a prompt: an adapter hands on what it has every 16 ms (FTDI). */
const SETTLE_MS = 30
/** Characters that may be sent ahead of their echo: the receive FIFO of a 16550. */
export const ECHO_WINDOW = 16
/** Bytes at the end of what the target says in which a prompt is looked for. */
const PROMPT_BYTES = 256
const CR = 0x0d
const LF = 0x0a

export interface PasteProgress {
  /** Line ends that were sent, and that were pasted so far. */
  sentLines: number
  lines: number
}

/** All times are milliseconds of one monotonic clock. */
export class Pacer {
  readonly pacing: Pacing
  readonly #byteMs: () => number
  readonly #echo = new Echo()
  /** What the target said since the last line end was sent. */
  #said = ''
  #saidAtMs = 0
  #waitsForPrompt = false
  /** Until when the target has time; undefined while nothing is expected of it. */
  #deadlineMs: number | undefined
  #notBeforeMs = 0
  #wireFreeAtMs = 0
  #lastSent = 0
  #lastQueued = 0
  #queuedAtMs = Number.NEGATIVE_INFINITY
  #waitingBytes = 0
  #progress: PasteProgress = { sentLines: 0, lines: 0 }

  /** @param byteMs milliseconds that a byte takes on the wire */
  constructor(pacing: Pacing, byteMs: () => number) {
    this.pacing = pacing
    this.#byteMs = byteMs
  }

  get progress(): PasteProgress {
    return this.#progress
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Some of a paste waits here, or more of it may come. */
  isGoing(nowMs: number): boolean {
    return this.#waitingBytes > 0 || nowMs - this.#queuedAtMs < PAUSE_MS
  }

  /** More of a paste waits to be sent. */
  queued(bytes: Buffer, nowMs: number): void {
    if (!this.isGoing(nowMs)) {
      this.#progress = { sentLines: 0, lines: 0 }
      // The target never answered the end of the paste before this one.
      if (this.isOverdue(nowMs)) this.#expectNothing()
    }
    this.#queuedAtMs = nowMs
    this.#waitingBytes += bytes.length
    const ends = bytes.filter((byte, at) => isLineEnd(byte, at === 0 ? this.#lastQueued : bytes[at - 1])).length
    this.#lastQueued = bytes.at(-1) ?? this.#lastQueued
    this.#progress = { ...this.#progress, lines: this.#progress.lines + ends }
  }

  /** So many waiting bytes were dropped. */
  dropped(bytes: number): void {
    this.#waitingBytes -= bytes
    this.#lastQueued = this.#lastSent
    this.#expectNothing()
  }

  /** @returns how many of the waiting bytes may be sent now: 0 while {@link waitMs} says so */
  room(bytes: Buffer, nowMs: number): number {
    // The LF of a CR LF belongs to the line that was sent.
    if (bytes[0] === LF && this.#lastSent === CR) return 1
    if (this.waitMs(nowMs) > 0) return 0
    const { characterMs, lineMs, waitFor } = this.pacing
    if (characterMs > 0) return 1
    const end = lineMs > 0 || waitFor !== 'none' ? endOfLine(bytes) : bytes.length
    return waitFor === 'echo' ? Math.min(end, ECHO_WINDOW - this.#echo.missing) : end
  }

  /** Milliseconds until it is worth asking again; {@link heard} may end that earlier. */
  waitMs(nowMs: number): number {
    const delayMs = Math.max(0, this.#notBeforeMs - nowMs)
    if (this.#deadlineMs === undefined) return delayMs
    return Math.max(delayMs, this.#answerMs(nowMs))
  }

  /** The target did not show what is waited for in time. */
  isOverdue(nowMs: number): boolean {
    return this.#deadlineMs !== undefined && nowMs >= this.#deadlineMs && this.#answerMs(nowMs) > 0
  }

  /** The target has not answered for longer than a person waits: it may ask them something. */
  isStuck(nowMs: number): boolean {
    return this.#deadlineMs !== undefined && nowMs - this.#wireFreeAtMs > STUCK_MS && this.#answerMs(nowMs) > 0
  }

  /** `the target showed no prompt within 10 s; 120 of 400 lines were sent` */
  describeSilence(): string {
    const { waitFor, timeoutMs } = this.pacing
    const { sentLines, lines } = this.#progress
    const missing = waitFor === 'echo' ? 'did not echo all of a line' : 'showed no prompt'
    return `the target ${missing} within ${timeoutMs / 1_000} s; ${sentLines} of ${lines} lines were sent`
  }

  /** Something else was sent: what the target says next tells nothing of a paste that is complete. */
  interrupted(): void {
    if (this.#waitingBytes === 0) this.#expectNothing()
  }

  /** These were handed to the line. */
  sent(bytes: Buffer, nowMs: number): void {
    this.#waitingBytes -= bytes.length
    this.#wireFreeAtMs = Math.max(this.#wireFreeAtMs, nowMs) + bytes.length * this.#byteMs()
    const ends = bytes.filter((byte, at) => isLineEnd(byte, at === 0 ? this.#lastSent : bytes[at - 1])).length
    // The LF of a CR LF changes nothing of what is waited for.
    const isRest = bytes.length === 1 && bytes[0] === LF && ends === 0
    this.#lastSent = bytes.at(-1) ?? this.#lastSent
    if (isRest) return
    this.#progress = { ...this.#progress, sentLines: this.#progress.sentLines + ends }
    const { characterMs, lineMs, waitFor, timeoutMs } = this.pacing
    const delayMs = Math.max(characterMs, ends > 0 ? lineMs : 0)
    if (delayMs > 0) this.#notBeforeMs = this.#wireFreeAtMs + delayMs
    if (waitFor === 'echo') this.#echo.sent(bytes)
    this.#waitsForPrompt = waitFor === 'prompt' && ends > 0
    this.#said = ''
    const mustAnswer = this.#waitsForPrompt || this.#echo.mustWait(ECHO_WINDOW)
    this.#deadlineMs = mustAnswer ? this.#wireFreeAtMs + timeoutMs : undefined
  }

  /** The target said something. @returns whether more may be sent now, or after {@link waitMs} */
  heard(bytes: Buffer, nowMs: number): boolean {
    this.#echo.heard(bytes)
    if (this.#deadlineMs === undefined) return false
    if (this.#waitsForPrompt) {
      this.#said = (this.#said + bytes.toString('latin1')).slice(-PROMPT_BYTES)
      this.#saidAtMs = nowMs
    }
    return this.#answerMs(nowMs) <= SETTLE_MS
  }

  /** Milliseconds until the target has answered, as far as one can tell now; 0 once it has. */
  #answerMs(nowMs: number): number {
    const leftMs = Math.max(1, (this.#deadlineMs ?? 0) - nowMs)
    if (this.pacing.waitFor === 'echo') return this.#echo.mustWait(ECHO_WINDOW) ? leftMs : 0
    if (!this.#waitsForPrompt) return 0
    const lastLine = /[\r\n]([^\r\n]*)$/.exec(this.#said)?.[1]
    if (lastLine === undefined || !this.pacing.isPrompt(lastLine.replace(ESCAPE_SEQUENCES, ''))) return leftMs
    return Math.max(0, this.#saidAtMs + SETTLE_MS - nowMs)
  }

  #expectNothing(): void {
    this.#waitsForPrompt = false
    this.#deadlineMs = undefined
    this.#echo.forget()
  }
}

/** Colours and cursor movements (ECMA-48, 5.4). */
const ESCAPE_SEQUENCES = /\x1b\[[0-9;?]*[ -/]*[@-~]/g

/** CR, LF, and CR LF as one. */
function isLineEnd(byte: number, before: number | undefined): boolean {
  return byte === CR || (byte === LF && before !== CR)
}

/** @returns the position after the first line end, else after all */
function endOfLine(bytes: Buffer): number {
  const at = bytes.findIndex(byte => byte === CR || byte === LF)
  if (at < 0) return bytes.length
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1
}
