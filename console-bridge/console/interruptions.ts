/** What comes between what was typed before it and after it: a BREAK, a change of the speed. They follow one another. */
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import { answered, breakLine, type HeldBreak } from '../line/break-line.ts'
import type { Line } from '../line/line.ts'
import { PLAIN_BREAK, writeAll } from './break-sequence.ts'
import type { Loss } from './loss.ts'
import { countBytes, type WaitingInput, type WaitingItem } from './waiting-input.ts'

/** Milliseconds that a BREAK waits for what was typed before it; a second is 960 bytes at 9600 baud. */
export const DRAIN_BOUND_MS = 1_000

/** How one ended. */
export type Interruption =
  /** `drained`: all that was typed before it was sent. If not, these bytes and what the kernel held were discarded. */
  { done: true; drained: boolean; discardedBytes: number } | { done: false; cause: string }

/** The queue that is interrupted. */
export interface InterruptedQueue {
  /** That is open now. */
  readonly line: Line | undefined
  readonly waiting: WaitingInput
  /** Resolves when something was sent or dropped, after `ms`, or when aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>
  tellChanged(): void
  /** The line has discarded what it had taken, and these were dropped. */
  discarded(items: readonly WaitingItem[], loss: Loss): void
  /** Sends what came after. */
  goOn(): void
}

export class Interruptions {
  readonly #queue: InterruptedQueue
  readonly #clock: Clock
  #last: Promise<unknown> = Promise.resolve()
  #onNext: () => void = () => {}

  constructor(queue: InterruptedQueue, clock: Clock) {
    this.#queue = queue
    this.#clock = clock
  }

  /** Sends a BREAK. @param signal ends it early; it is taken back in any case */
  sendBreak(
    lengthMs: number,
    signal: AbortSignal,
    loss: Loss,
    held?: HeldBreak,
    { isBreak, after } = PLAIN_BREAK,
  ): Promise<Interruption> {
    return this.interrupt(signal, loss, async line => {
      if (isBreak) await breakLine(line, lengthMs, this.#clock, signal, held)
      if (!signal.aborted) await writeAll(line, after, this.#clock)
    })
  }

  /**
   * Does something to the line that nothing typed comes into. What was typed before is sent first, for up to
   * {@link DRAIN_BOUND_MS}. The rest is discarded: a boot monitor must not read the rest of a paste.
   * @param loss why the rest is lost
   * @param onNext the next one waits, so end this one
   */
  interrupt(
    signal: AbortSignal,
    loss: Loss,
    work: (line: Line) => Promise<unknown>,
    onNext: () => void = () => {},
  ): Promise<Interruption> {
    this.#onNext()
    this.#onNext = onNext
    const outcome = this.#last.then(() => this.#interruptNow(signal, loss, work))
    this.#last = outcome
    return outcome
  }

  async #interruptNow(signal: AbortSignal, loss: Loss, work: (line: Line) => Promise<unknown>): Promise<Interruption> {
    const { line, waiting } = this.#queue
    if (!line || signal.aborted) return { done: false, cause: 'the line is closed' }
    waiting.beginBreak()
    try {
      const drained = await this.#drain(line, signal)
      const ahead = waiting.removeAhead()
      this.#queue.tellChanged()
      if (!drained) {
        await answered(line.discard(), this.#clock)
        this.#queue.discarded(ahead, loss)
      }
      await work(line)
      return { done: true, drained, discardedBytes: countBytes(ahead) }
    } catch (err) {
      return { done: false, cause: errorMessage(err) }
    } finally {
      waiting.endBreak()
      this.#queue.goOn()
    }
  }

  /** @returns whether all that was typed before is on the wire */
  async #drain(line: Line, signal: AbortSignal): Promise<boolean> {
    const drain = async (over: AbortSignal) => {
      while (this.#queue.waiting.first && !over.aborted) await this.#queue.changed(DRAIN_BOUND_MS, over)
      if (!over.aborted) await line.drain()
    }
    // A line that fails here fails at the work too, and is reported there.
    const outcome = await within(DRAIN_BOUND_MS, [signal], drain, { clock: this.#clock }).catch(() => undefined)
    return outcome?.kind === 'done'
  }
}
