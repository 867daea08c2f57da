/** Who typed last at a console, and has left: the target may still be logged in as them. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { timeText } from '../../runtime/time-text.ts'
import { isSame } from './kept-seats.ts'
import { calledAs, type Person } from './person.ts'

export class LastTyped {
  readonly #clock: Clock
  readonly #times: WallTimes
  #last: { person: Person; atMs: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
  }

  get isKnown(): boolean {
    return this.#last !== undefined
  }

  typed(person: Person): void {
    const atMs = this.#clock.nowMs()
    if (this.#last && isSame(this.#last.person, person)) {
      this.#last.atMs = atMs
      return
    }
    // Not the seat itself, which holds on to its whole session.
    const { technician, role, from, via } = person
    this.#last = { person: { technician, role, from, ...(via && { via }) }, atMs }
  }

  /** Nobody is logged in any more, as far as can be known. */
  forget(): void {
    this.#last = undefined
  }

  /** @returns what somebody who comes should know; undefined for the same person, and where the other one is still here */
  warning(newcomer: Person, here: readonly Person[]): string | undefined {
    if (!this.#last) return undefined
    const { person, atMs } = this.#last
    const isTheirs = ({ technician }: Person) => technician === person.technician
    if (isTheirs(newcomer) || here.some(isTheirs)) return undefined
    return `${calledAs(person)} typed last, until ${timeText(this.#times.of(atMs))}: the target may still be logged in as them`
  }
}
