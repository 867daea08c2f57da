/** Whether every loop still turns: each says by when it will be back, and one that is late is stuck. */
import type { Clock } from '../../runtime/clock.ts'

/** Milliseconds by which a loop may be late: a busy board runs its timers late. */
const SLACK_MS = 10_000

export interface Track {
  /** The loop is here now, and will be again within so many milliseconds. */
  beat(withinMs: number): void
  /** The loop has ended, as it should. */
  end(): void
}

export class Progress {
  readonly #clock: Clock
  readonly #dueMs: Map<string, number>
  readonly #of: string

  constructor(clock: Clock, of = '', dueMs = new Map<string, number>()) {
    this.#clock = clock
    this.#of = of
    this.#dueMs = dueMs
  }

  /** The same, for loops that run a second time beside the first ones. */
  beside(name: string): Progress {
    return new Progress(this.#clock, `, ${name}`, this.#dueMs)
  }

  /** @param name for people; a second track of that name follows the first */
  track(name: string): Track {
    return {
      beat: withinMs => void this.#dueMs.set(name + this.#of, this.#clock.nowMs() + withinMs),
      end: () => void this.#dueMs.delete(name + this.#of),
    }
  }

  /** Names of the loops that are late. */
  get stuck(): readonly string[] {
    const nowMs = this.#clock.nowMs()
    return [...this.#dueMs].filter(([, dueMs]) => nowMs > dueMs + SLACK_MS).map(([name]) => name)
  }
}
