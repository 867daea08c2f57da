/** What waits to go out on one line: in order, counted for each owner, and never in a BREAK's way for long. */
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Line } from '../line/line.ts'

/** Milliseconds that what was typed before a BREAK has to get out; a second is 960 bytes at 9600 baud. */
export const DRAIN_BOUND_MS = 1_000
/** Bytes in one write: small, so that a BREAK waits for a quarter of a second at the most at 9600 baud. */
const PIECE_BYTES = 256

export type BreakOutcome =
  /** `drained`: all that was typed before it is on the wire. If not, these bytes, and what the kernel held, are gone. */
  { sent: true; drained: boolean; discardedBytes: number } | { sent: false; cause: string }

interface Waiting {
  owner: object
  bytes: Buffer
}

export interface OutgoingEvents {
  onSent(bytes: number): void
  /** Something of this owner went out: there may be room for more. */
  onRoom(owner: object): void
}

export class Outgoing {
  readonly #clock: Clock
  readonly #events: OutgoingEvents
  #line: Line | undefined
  /** The line that a pump is at work on: one at a time, and a new line does not wait for a write to a dead one. */
  #pumped: Line | undefined
  #waiting: Waiting[] = []
  /** During a BREAK, what was typed before it; what is typed meanwhile stays in `#waiting`. */
  #ahead: Waiting[] | undefined
  #lastBreak: Promise<unknown> = Promise.resolve()
  readonly #whenQuiet = new Set<() => void>()

  constructor(clock: Clock, events: OutgoingEvents) {
    this.#clock = clock
    this.#events = events
  }

  /** The line that is open now. What waited for another is never sent on this one. */
  useLine(line: Line | undefined): void {
    this.#line = line
    this.#waiting = []
    if (this.#ahead) this.#ahead = []
    this.#pumped = undefined
    this.#tellQuiet()
  }

  push(owner: object, bytes: Buffer): void {
    this.#waiting.push({ owner, bytes })
    this.#pump()
  }

  waitingBytes(owner: object): number {
    return countBytes([...(this.#ahead ?? []), ...this.#waiting].filter(item => item.owner === owner))
  }

  /** Drops what waits of `owner`, and says how many bytes that was. */
  discard(owner: object): number {
    const bytes = this.waitingBytes(owner)
    this.#ahead = this.#ahead?.filter(item => item.owner !== owner)
    this.#waiting = this.#waiting.filter(item => item.owner !== owner)
    return bytes
  }

  /** Resolves when nothing waits and no write is under way, or when aborted. */
  async quiet(signal: AbortSignal): Promise<void> {
    while (this.#pumped && !signal.aborted) {
      await new Promise<void>(resolve => {
        const done = () => {
          this.#whenQuiet.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#whenQuiet.add(done)
        signal.addEventListener('abort', done)
      })
    }
  }

  /**
   * Sends a BREAK: one after the other when several ask. What was typed before it goes first, as far as it gets within
   * {@link DRAIN_BOUND_MS}; the rest is discarded, because what a BREAK leads into must not read the tail of a paste.
   * @param signal ends the BREAK early; it is taken back in any case
   */
  sendBreak(lengthMs: number, signal: AbortSignal): Promise<BreakOutcome> {
    const outcome = this.#lastBreak.then(() => this.#breakNow(lengthMs, signal))
    this.#lastBreak = outcome
    return outcome
  }

  async #breakNow(lengthMs: number, signal: AbortSignal): Promise<BreakOutcome> {
    const line = this.#line
    if (!line || signal.aborted) return { sent: false, cause: 'the line is closed' }
    this.#ahead = this.#waiting
    this.#waiting = []
    try {
      const drained = await this.#drain(line, signal)
      const discardedBytes = countBytes(this.#ahead)
      this.#ahead = []
      try {
        await line.setBreak(true)
        await this.#atLeast(lengthMs, signal)
      } finally {
        await line.setBreak(false)
      }
      return { sent: true, drained, discardedBytes }
    } catch (err) {
      return { sent: false, cause: errorMessage(err) }
    } finally {
      this.#ahead = undefined
      this.#pump()
    }
  }

  async #drain(line: Line, signal: AbortSignal): Promise<boolean> {
    const bound = new AbortController()
    const over = AbortSignal.any([signal, bound.signal])
    const drain = async () => {
      await this.quiet(over)
      if (over.aborted) return false
      await line.drain()
      return true
    }
    try {
      // A line that fails here fails at the BREAK too, which tells.
      return await Promise.race([drain().catch(() => false), this.#clock.sleep(DRAIN_BOUND_MS, over).then(() => false)])
    } finally {
      bound.abort()
    }
  }

  /** A timer may fire a fraction of a millisecond early: the BREAK is no shorter than asked. */
  async #atLeast(ms: number, signal: AbortSignal): Promise<void> {
    const untilMs = this.#clock.nowMs() + ms
    for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = untilMs - this.#clock.nowMs()) {
      await this.#clock.sleep(Math.ceil(leftMs), signal)
    }
  }

  #pump(): void {
    const line = this.#line
    if (!line || this.#pumped === line) return
    this.#pumped = line
    void this.#send(line)
  }

  async #send(line: Line): Promise<void> {
    try {
      while (this.#line === line) {
        const item = this.#takePiece()
        if (!item) break
        await line.write(item.bytes)
        if (this.#line !== line) break
        this.#events.onSent(item.bytes.length)
        this.#events.onRoom(item.owner)
      }
    } catch {
      // A line that does not take bytes is gone, and tells so itself.
    } finally {
      if (this.#pumped === line) {
        this.#pumped = undefined
        this.#tellQuiet()
      }
    }
  }

  #takePiece(): Waiting | undefined {
    const queue = this.#ahead ?? this.#waiting
    const [first] = queue
    if (!first) return undefined
    if (first.bytes.length <= PIECE_BYTES) return queue.shift()
    const bytes = first.bytes.subarray(0, PIECE_BYTES)
    first.bytes = first.bytes.subarray(PIECE_BYTES)
    return { owner: first.owner, bytes }
  }

  #tellQuiet(): void {
    for (const tell of [...this.#whenQuiet]) tell()
  }
}

function countBytes(items: readonly Waiting[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
