/** What runs now at one address, and what becomes of it: the status file and the history are made of this. */
import type { Running } from '../formats/file-drop.ts'
import type { Clock } from '../runtime/clock.ts'
import type { History } from './history.ts'

/** Transfers that one address of the equipment may have at a time, and all of them together, in each protocol of ours. */
export const LIMITS = { each: 8, all: 48 } as const

export type End = { whole: true } | { whole: false; why: string }

export interface Transfer {
  readonly running: Running
  /** @param bytes how many more have arrived at the other end, as far as this one knows */
  add(bytes: number): void
  /** Once; more than that does nothing. */
  end(end: End): void
  /** In place of `end`, when it turns out that it may not begin. */
  refuse(why: string): void
}

export class Transfers {
  readonly #history: History
  readonly #clock: Clock
  readonly #running = new Set<Running>()

  constructor(history: History, clock: Clock) {
    this.#history = history
    this.#clock = clock
  }

  get running(): Running[] {
    return [...this.#running]
  }

  /** Why another one of this protocol cannot begin; undefined where it can. */
  refusal(how: Running['how'], who: string): string | undefined {
    const same = this.running.filter(running => running.how === how)
    if (same.length >= LIMITS.all) return `${LIMITS.all} transfers run already; try again later`
    if (same.filter(running => running.who === who).length >= LIMITS.each)
      return `${LIMITS.each} transfers to ${who} run already; try again later`
    return undefined
  }

  begin(facts: Omit<Running, 'at'>): Transfer {
    const running: Running = { at: new Date(this.#clock.wallMs()).toISOString(), ...facts }
    this.#running.add(running)
    return {
      running,
      add: bytes => {
        running.bytes = (running.bytes ?? 0) + bytes
      },
      end: end => {
        if (!this.#running.delete(running)) return
        const { at: _, size: __, ...what } = running
        this.#history.add({ ...what, whole: end.whole, ...('why' in end && { why: end.why }) })
      },
      refuse: why => {
        const { how, who, file } = running
        if (this.#running.delete(running)) this.refused({ how, who, file, why })
      },
    }
  }

  refused(facts: Pick<Running, 'how' | 'who' | 'file'> & { why: string }): void {
    this.#history.add({ ...facts, what: 'refused', bytes: null, whole: null })
  }
}
