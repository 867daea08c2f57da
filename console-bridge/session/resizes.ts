/** Collects the sizes of a terminal for a moment: somebody drags the edge of their window. */
import type { Clock } from '../../runtime/clock.ts'
import type { TerminalSize } from '../console/terminal-size.ts'

/** Milliseconds for which sizes are collected. */
const RESIZE_MS = 500

export class Resizes {
  readonly #clock: Clock
  readonly #over: AbortSignal
  readonly #onSize: (size: TerminalSize) => void
  /** A size that is not told yet. */
  #last: TerminalSize | undefined

  /** @param over the end of the session: it tells the last size, if one waits */
  constructor(clock: Clock, over: AbortSignal, onSize: (size: TerminalSize) => void) {
    this.#clock = clock
    this.#over = over
    this.#onSize = onSize
  }

  resized(size: TerminalSize): void {
    const isWaiting = this.#last !== undefined
    this.#last = size
    if (isWaiting) return
    void this.#clock.sleep(RESIZE_MS, this.#over).then(() => {
      const last = this.#last
      this.#last = undefined
      if (last) this.#onSize(last)
    })
  }
}
