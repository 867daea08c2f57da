/** Drops the rest of a paste once some of it was not sent, or once somebody sent a BREAK in between. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Loss } from '../console/loss.ts'

/** Milliseconds without a byte that end a paste. */
export const PAUSE_MS = 1_000
/** Bytes within {@link PAUSE_MS} that make a paste: a repeating key is 30 bytes a second, or 90 for an arrow. */
export const PASTE_BYTES = 128
/** Milliseconds that a client has to answer. */
const ANSWER_MS = 10_000

export interface PasteGateOptions {
  clock: Clock
  /** Resolves when everything has arrived that the client sent before it read what it was told. */
  roundTrip(signal: AbortSignal): Promise<void>
  over: AbortSignal
  /** The gate is open again, after it dropped so many bytes. */
  onOpen(droppedBytes: number, loss: Loss): void
}

export class PasteGate {
  readonly #options: PasteGateOptions
  /** What arrived within the last {@link PAUSE_MS}. */
  readonly #latest: { atMs: number; bytes: number }[] = []
  #arrivals = 0
  #cameAtMs = 0
  #closed: { loss: Loss; droppedBytes: number } | undefined

  constructor(options: PasteGateOptions) {
    this.#options = options
  }

  /** So many bytes arrived. @returns why they must not be sent; undefined when they may be */
  came(bytes: number): Loss | undefined {
    this.#arrivals++
    this.#cameAtMs = this.#options.clock.nowMs()
    this.#forgetOld()
    this.#latest.push({ atMs: this.#cameAtMs, bytes })
    if (this.#closed) this.#closed.droppedBytes += bytes
    return this.#closed?.loss
  }

  get isPasting(): boolean {
    this.#forgetOld()
    return this.#latest.reduce((sum, { bytes }) => sum + bytes, 0) >= PASTE_BYTES
  }

  /**
   * Drops what arrives until the client has read what it was told. In the middle of a paste, also until the paste has
   * paused for {@link PAUSE_MS} and the client has nothing more on its way.
   * @param isHeldUp a paste waits in the client, because it is not read just now
   */
  close(loss: Loss, isHeldUp: boolean): void {
    if (this.#closed) return
    this.#closed = { loss, droppedBytes: 0 }
    void this.#wait(this.#closed, isHeldUp)
  }

  /** What arrives now was typed after a new decision of the technician, such as a take-over. */
  open(): void {
    const closed = this.#closed
    this.#closed = undefined
    this.#latest.length = 0
    if (closed) this.#options.onOpen(closed.droppedBytes, closed.loss)
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
