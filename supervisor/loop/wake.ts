/** Waiting that something can end early: the network changed, somebody asked for a self-test, or this device's own end changed. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'

export type Reason = 'network' | 'test' | 'local'

/** Who tells it to all loops at once. */
export interface Events {
  /** Returns what ends the subscription. */
  subscribe(listener: (reason: Reason) => void): () => void
}

/** One place to wait for one loop; reasons given while nobody waits are kept for the next wait. */
export class Wake {
  readonly #clock: Clock
  #reasons = new Set<Reason>()
  #resume: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  notify(reason: Reason): void {
    this.#reasons.add(reason)
    this.#resume?.abort(OVER)
  }

  /** Waits `ms` milliseconds, or less when notified or aborted; gives the reasons it was notified with, and forgets them. */
  async wait(ms: number, signal: AbortSignal): Promise<ReadonlySet<Reason>> {
    if (this.#reasons.size === 0 && !signal.aborted && ms > 0) {
      const resume = controllerUnder(signal)
      this.#resume = resume
      await this.#clock.sleep(ms, resume.signal)
      resume.release()
      this.#resume = undefined
    }
    const reasons = this.#reasons
    this.#reasons = new Set()
    return reasons
  }
}

/** Tells every subscriber. */
export class Broadcast implements Events {
  readonly #listeners = new Set<(reason: Reason) => void>()

  notify(reason: Reason): void {
    for (const listener of [...this.#listeners]) listener(reason)
  }

  subscribe(listener: (reason: Reason) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
