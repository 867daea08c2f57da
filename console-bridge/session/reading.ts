/** How far a client has certainly read, so that a lost one gets the rest when it returns. */
import type { Clock } from '../../runtime/clock.ts'
import type { Terminal } from './terminal.ts'
import type { View } from './view.ts'

/**
 * Milliseconds between two questions to a client whether it has read what was shown: so much of it may be repeated after a
 * lost connection. A question is 245 bytes on the wire, and asked only where there was output.
 */
const READ_MS = 5_000

interface ReadingOptions {
  terminal: Terminal
  view: View
  clock: Clock
}

export class Reading {
  readonly #options: ReadingOptions
  #upTo: number

  /** @param from position in the scrollback */
  constructor(options: ReadingOptions, from: number) {
    this.#options = options
    this.#upTo = from
  }

  /** The position up to which the client has certainly read. */
  get upTo(): number {
    return this.#upTo
  }

  /** The output is shown from here on. */
  beginsAt(position: number): void {
    this.#upTo = position
  }

  /** Asks now and then whether the client has read what was shown. */
  async follow(over: AbortSignal): Promise<void> {
    const { terminal, view, clock } = this.#options
    if (!terminal.interactive) return
    while (!over.aborted) {
      await clock.sleep(READ_MS, over)
      const { shownUpTo } = view
      if (shownUpTo === this.#upTo || over.aborted) continue
      await terminal.roundTrip(over)
      if (!over.aborted) this.#upTo = shownUpTo
    }
  }
}
