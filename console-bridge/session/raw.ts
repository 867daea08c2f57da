/** Whether a session is raw: everything is passed on, for a file transfer by the technician's own program. */
import type { Clock } from '../../runtime/clock.ts'

/** Milliseconds without a byte in either direction that end it. */
export const QUIET_MS = 10_000

export class Raw {
  readonly #clock: Clock
  readonly #over: AbortSignal
  #isOn = false
  #lastByteMs = 0

  /** @param over the end of the session */
  constructor(clock: Clock, over: AbortSignal) {
    this.#clock = clock
    this.#over = over
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** A byte was typed, or came from the target. */
  traffic(): void {
    this.#lastByteMs = this.#clock.nowMs()
  }

  /** Resolves when it is over. */
  async begin(): Promise<void> {
    this.#isOn = true
    this.traffic()
    for (let leftMs = QUIET_MS; leftMs > 0 && !this.#over.aborted; ) {
      await this.#clock.sleep(Math.min(leftMs, 1_000), this.#over)
      leftMs = this.#lastByteMs + QUIET_MS - this.#clock.nowMs()
    }
    this.#isOn = false
  }
}
