/** Sessions whose connection was lost, until the person knows why: the supervisor finds that out later, when the tunnel is back. */
import type { Clock } from '../../runtime/clock.ts'
import { isSame } from './kept-seats.ts'
import type { Person } from './person.ts'

export interface LostSession {
  person: Person
  /** On the monotonic clock. */
  lostMs: number
  /** Undefined until somebody has said it. */
  why: string | undefined
}

/** Sessions that are remembered; the oldest goes first. */
const SESSIONS_MAX = 64
/** Milliseconds for which somebody who does not come back is remembered: until the next shift. */
const REMEMBERED_MS = 24 * 3_600_000
/** Milliseconds by which the end of a session may be noticed after the supervisor has said why. */
const LATE_MS = 3_000

export class LostSessions {
  readonly #clock: Pick<Clock, 'nowMs'>
  #sessions: LostSession[] = []
  #said: { why: string; atMs: number } | undefined

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  lost(person: Person): void {
    const lostMs = this.#clock.nowMs()
    const isLate = this.#said !== undefined && lostMs - this.#said.atMs <= LATE_MS
    const lost = { person, lostMs, why: isLate ? this.#said?.why : undefined }
    this.#sessions = [...this.#remembered(), lost].slice(-SESSIONS_MAX)
  }

  /** Why those ended that were lost in the last so many milliseconds. */
  explain(withinMs: number, why: string): void {
    const nowMs = this.#clock.nowMs()
    this.#said = { why, atMs: nowMs }
    for (const session of this.#sessions) if (nowMs - session.lostMs <= withinMs) session.why ??= why
  }

  /** The last one of this person that is explained, once; those that are not wait for it. */
  take(person: Person): LostSession | undefined {
    const theirs = this.#remembered().filter(({ person: one, why }) => why !== undefined && isSame(one, person))
    this.#sessions = this.#remembered().filter(one => !theirs.includes(one))
    return theirs.at(-1)
  }

  #remembered(): LostSession[] {
    const nowMs = this.#clock.nowMs()
    return this.#sessions.filter(({ lostMs }) => nowMs - lostMs < REMEMBERED_MS)
  }
}
