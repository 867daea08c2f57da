/** Who typed last at a console, and has left: the target may still be logged in as them. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { timeText } from '../../runtime/time-text.ts'
import { isSame } from './kept-seats.ts'
import { calledAs, type Person } from './person.ts'
import { personOf, type Remembered } from './remembered.ts'

export class LastTyped {
  readonly #clock: Clock
  readonly #times: WallTimes
  /** `at`: milliseconds since 1970, once asked. */
  #last: { person: Person; at(): number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
  }

  get isKnown(): boolean {
    return this.#last !== undefined
  }

  /** @returns whether it was somebody else before */
  typed(person: Person): boolean {
    const atMs = this.#clock.nowMs()
    const at = () => this.#times.of(atMs)
    const isOther = !this.#last || !isSame(this.#last.person, person)
    if (this.#last && !isOther) this.#last.at = at
    else this.#last = { person: personOf(person), at }
    return isOther
  }

  /** From before a restart. */
  restore(last: Remembered['lastTyped']): void {
    if (last) this.#last = { person: last.person, at: () => last.at }
  }

  toRemember(): Remembered['lastTyped'] {
    return this.#last && { person: this.#last.person, at: this.#last.at() }
  }

  /** Nobody is logged in any more, as far as can be known. */
  forget(): void {
    this.#last = undefined
  }

  /** @returns what somebody who comes should know; undefined for the same person, and where the other one is still here */
  warning(newcomer: Person, here: readonly Person[]): string | undefined {
    if (!this.#last) return undefined
    const { person, at } = this.#last
    const isTheirs = ({ technician }: Person) => technician === person.technician
    if (isTheirs(newcomer) || here.some(isTheirs)) return undefined
    return `${calledAs(person)} typed last, until ${timeText(at())}: the target may still be logged in as them`
  }
}
