/** A wait that can end early: the network changed, somebody asked for a self-test, or a fault on this device ended. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'

export type Reason = 'network' | 'test' | 'local'

/** Notifies all loops at once. */
export interface Events {
  /** Returns a function that ends the subscription. */
  subscribe(listener: (reason: Reason) => void): () => void
}

/** Where one loop waits; reasons that come while it does not wait are kept for its next wait. */
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

  /** Waits `ms` milliseconds, or less when notified or aborted; returns the reasons for the notification, once. */
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
