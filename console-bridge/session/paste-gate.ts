/** Keeps the rest of a paste from the line once some of it was not sent, or once a BREAK came in between. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Loss } from '../console/loss.ts'

/** Milliseconds without a byte that end a paste. */
export const PAUSE_MS = 1_000
/** Bytes within {@link PAUSE_MS} that make a paste: a key that repeats is 30 or, as an arrow, 90 bytes a second. */
export const PASTE_BYTES = 128
/** Milliseconds for a client to answer, beyond which it counts as one that never does. */
const ANSWER_MS = 10_000

export interface PasteGateOptions {
  clock: Clock
  /** Resolves when all is here that the client sent before it could know. */
  roundTrip(signal: AbortSignal): Promise<void>
  over: AbortSignal
  /** The gate is open again, after it kept back so many bytes. */
  onOpen(keptBackBytes: number, loss: Loss): void
}

export class PasteGate {
  readonly #options: PasteGateOptions
  /** What came within the last {@link PAUSE_MS}. */
  readonly #latest: { atMs: number; bytes: number }[] = []
  #arrivals = 0
  #cameAtMs = 0
  #closed: { loss: Loss; keptBackBytes: number } | undefined

  constructor(options: PasteGateOptions) {
    this.#options = options
  }

  /** So many bytes came. @returns why they must not be sent, if so */
  came(bytes: number): Loss | undefined {
    this.#arrivals++
    this.#cameAtMs = this.#options.clock.nowMs()
    this.#forgetOld()
    this.#latest.push({ atMs: this.#cameAtMs, bytes })
    if (this.#closed) this.#closed.keptBackBytes += bytes
    return this.#closed?.loss
  }

  get isPasting(): boolean {
    this.#forgetOld()
    return this.#latest.reduce((sum, { bytes }) => sum + bytes, 0) >= PASTE_BYTES
  }

  /**
   * Keeps back what comes: until the client has read what it was told before, and where it is in the middle of a paste, until that
   * pauses for {@link PAUSE_MS} and the client has nothing more on its way.
   * @param isHeldUp its paste is not being read just now
   */
  close(loss: Loss, isHeldUp: boolean): void {
    if (this.#closed) return
    this.#closed = { loss, keptBackBytes: 0 }
    void this.#wait(this.#closed, isHeldUp)
  }

  /** The technician decided anew: what comes now was typed after that. */
  open(): void {
    const closed = this.#closed
    this.#closed = undefined
    this.#latest.length = 0
    if (closed) this.#options.onOpen(closed.keptBackBytes, closed.loss)
  }

  #forgetOld(): void {
    const sinceMs = this.#options.clock.nowMs() - PAUSE_MS
    while (this.#latest[0] && this.#latest[0].atMs <= sinceMs) this.#latest.shift()
  }

  async #wait(closed: object, isHeldUp: boolean): Promise<void> {
    const { clock, roundTrip, over } = this.#options
    const isOver = () => over.aborted || this.#closed !== closed
    for (let isPasting = isHeldUp || this.isPasting; !isOver(); isPasting = this.isPasting) {
      if (isPasting) await this.#pause(isOver)
      const before = this.#arrivals
      await within(ANSWER_MS, [over], roundTrip, { clock })
      if (this.#arrivals === before || !this.isPasting) break
    }
    if (!isOver()) this.open()
  }

  async #pause(isOver: () => boolean): Promise<void> {
    const { clock, over } = this.#options
    const startMs = clock.nowMs()
    for (let leftMs = PAUSE_MS; leftMs > 0 && !isOver(); ) {
      await clock.sleep(leftMs, over)
      leftMs = Math.max(startMs, this.#cameAtMs) + PAUSE_MS - clock.nowMs()
    }
  }
}
