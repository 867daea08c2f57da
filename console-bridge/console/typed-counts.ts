/** How much each seat sent to the target, and when: counts, no characters; pure. */
import type { Seat } from './seat.ts'

export interface Typed {
  bytes: number
  /** When the first and the last of them were sent, in milliseconds of the monotonic clock. */
  firstMs: number
  lastMs: number
}

export class TypedCounts {
  readonly #counts = new WeakMap<Seat, Typed>()

  sent(seat: Seat, bytes: number, nowMs: number): void {
    const typed = this.#counts.get(seat)
    if (typed) {
      typed.bytes += bytes
      typed.lastMs = nowMs
    } else if (bytes > 0) {
      this.#counts.set(seat, { bytes, firstMs: nowMs, lastMs: nowMs })
    }
  }

  /** Undefined where nothing was sent. */
  of(seat: Seat): Typed | undefined {
    return this.#counts.get(seat)
  }
}
