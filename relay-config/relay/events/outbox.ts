/** What waits for one sink: in order, bounded, and with a count of what was dropped, which is itself an event; pure. */
import * as z from 'zod'
import { eventSchema, type RelayEvent } from './event.ts'

/** Events that wait at most, and milliseconds for which one waits: a NOC reads no older ones. */
export const [WAITING_MAX, WAIT_MAX_MS] = [10_000, 24 * 3_600_000]

export const outboxSchema = z.object({
  queue: z.array(eventSchema),
  delivered: z.int(),
  dropped: z.int(),
  /** Dropped, and not told yet: how many, and since when. */
  untold: z.object({ count: z.int(), since: z.string() }).optional(),
})

export type OutboxState = z.output<typeof outboxSchema>

export class Outbox {
  readonly #state: OutboxState
  readonly #relay: string

  constructor(relay: string, state: OutboxState = { queue: [], delivered: 0, dropped: 0 }) {
    this.#relay = relay
    this.#state = { ...state, queue: [...state.queue] }
  }

  get state(): OutboxState {
    return this.#state
  }

  put(event: RelayEvent): void {
    this.#state.queue.push(event)
    if (this.#state.queue.length > WAITING_MAX) this.#drop()
  }

  /** The next ones, at most so many: first of all how many were dropped. What waits for too long is dropped here. */
  next(max: number, nowMs: number): RelayEvent[] {
    const { queue } = this.#state
    while (queue[0] !== undefined && nowMs - Date.parse(queue[0].at) > WAIT_MAX_MS && queue[0].event !== 'dropped')
      this.#drop()
    const { untold } = this.#state
    return untold === undefined ? queue.slice(0, max) : [this.#droppedEvent(untold, nowMs), ...queue.slice(0, max - 1)]
  }

  /** @param sent what next() gave; so many of them were taken */
  taken(sent: readonly RelayEvent[], count: number): void {
    for (const event of sent.slice(0, count)) {
      this.#state.delivered++
      // It may have been dropped while it was on its way.
      if (!this.#settleUntold(event) && this.#state.queue[0]?.id === event.id) this.#state.queue.shift()
    }
  }

  /** The first of these will never be taken. */
  refused([first]: readonly RelayEvent[]): void {
    if (first === undefined) return
    if (this.#settleUntold(first)) this.#state.dropped++
    else if (this.#state.queue[0]?.id === first.id) this.#drop()
  }

  /** @returns whether the event was the one that says how many were dropped */
  #settleUntold({ id, count = 0 }: RelayEvent): boolean {
    const { untold } = this.#state
    if (untold === undefined || !id.startsWith(UNTOLD)) return false
    if (untold.count > count) this.#state.untold = { ...untold, count: untold.count - count }
    else delete this.#state.untold
    return true
  }

  #drop(): void {
    const event = this.#state.queue.shift()
    if (event === undefined) return
    this.#state.dropped++
    const { untold } = this.#state
    this.#state.untold = { count: (untold?.count ?? 0) + 1, since: untold?.since ?? event.at }
  }

  #droppedEvent({ count, since }: { count: number; since: string }, nowMs: number): RelayEvent {
    const text = `${count} event${count === 1 ? ' was' : 's were'} dropped on the way to this sink, the first of ${since}`
    return {
      ...{ version: 1, id: `${UNTOLD}${since}.${count}`, event: 'dropped', severity: 'warning', relay: this.#relay },
      ...{ at: new Date(nowMs).toISOString(), since, count, text },
      next: `oobm-relay history --since "${since.slice(0, 19).replace('T', ' ')}"`,
    }
  }
}

const UNTOLD = 'dropped.'
