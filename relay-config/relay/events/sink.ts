/** What takes events. */
import type { RelayEvent } from './event.ts'

export interface Delivery {
  /** Of the events that were handed over, so many from the first on were taken. */
  taken: number
  /** Why not all of them. */
  problem?: {
    text: string
    /** The next one will never be taken, however often it is sent. */
    isRefused?: boolean
  }
}

export interface Sink {
  /** Events that it gets at once. */
  batch: number
  /** Settles within its own deadline; what happened is its answer, never an exception. */
  deliver(events: readonly RelayEvent[], signal: AbortSignal): Promise<Delivery>
}

/** Settles a delivery that is all or nothing. */
export async function allOrNothing(count: number, work: Promise<string | undefined>): Promise<Delivery> {
  const problem = await work.catch((err: unknown) => (err instanceof Error ? err.message || err.name : String(err)))
  return problem === undefined ? { taken: count } : { taken: 0, problem: { text: problem } }
}
