/** The seats of lost sessions: kept for a while for the same person, who gets theirs back when they return. */
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { timeText } from '../../runtime/time-text.ts'
import { OVER } from '../../runtime/waiting.ts'
import { calledAs, type Person } from './person.ts'
import type { Remembered, RememberedSeat } from './remembered.ts'
import { refusalOf } from './right.ts'

/** Milliseconds for which a seat is kept: long enough for a tunnel that moves to another relay. */
export const KEPT_MS = 60_000

export interface KeptSeat {
  readonly person: Person
  /** The session only watched. */
  readonly viewOnly: boolean
  /**
   * The position in the scrollback up to which their terminal certainly showed the output; undefined after a restart of the
   * program, when it was another one.
   */
  readonly readUpTo: number | undefined
  /** What they had typed and was not sent. */
  readonly discardedBytes: number
  /** Milliseconds since 1970, as for a seat. */
  readonly lostAt: number
  /** Milliseconds since 1970. */
  readonly until: number
  /** They typed when the connection was lost. */
  readonly wrote: boolean
  /** Who took over typing since; undefined while the keyboard is kept. */
  readonly takenBy: string | undefined
}

type Kept = KeptSeat & { takenBy: string | undefined; readonly over: AbortController }

export class KeptSeats {
  readonly #clock: Clock
  readonly #times: WallTimes
  readonly #onExpired: (kept: KeptSeat) => void
  readonly #kept = new Set<Kept>()

  constructor(clock: Clock, onExpired: (kept: KeptSeat) => void) {
    this.#clock = clock
    this.#times = new WallTimes(clock)
    this.#onExpired = onExpired
  }

  /** The one for whom the keyboard is kept. */
  get writer(): KeptSeat | undefined {
    return [...this.#kept].find(isWriter)
  }

  /** The operators whose seats are kept. */
  get people(): readonly Person[] {
    return [...this.#kept].filter(mayType).map(({ person }) => person)
  }

  /** All of them. */
  toRemember(): RememberedSeat[] {
    return [...this.#kept].map(kept => ({ person: kept.person, viewOnly: kept.viewOnly, wrote: isWriter(kept) }))
  }

  /** Those from before a restart: from now on as if they were lost now, because nobody could come back before. */
  restore({ seats, at }: Remembered): void {
    for (const seat of seats) this.keep({ ...seat, readUpTo: undefined, discardedBytes: 0 }, at)
  }

  /** @param lostAt milliseconds since 1970; now where left out */
  keep(
    lost: Pick<KeptSeat, 'person' | 'viewOnly' | 'readUpTo' | 'discardedBytes' | 'wrote'>,
    lostAt?: number,
  ): KeptSeat {
    const lostMs = this.#clock.nowMs()
    const times = this.#times
    const kept: Kept = {
      ...lost,
      get lostAt() {
        return lostAt ?? times.of(lostMs)
      },
      get until() {
        return times.of(lostMs + KEPT_MS)
      },
      takenBy: undefined,
      over: new AbortController(),
    }
    this.#kept.add(kept)
    void this.#clock.sleep(KEPT_MS, kept.over.signal).then(() => {
      if (this.#kept.delete(kept)) this.#onExpired(kept)
    })
    return kept
  }

  /** The same person returns. Of several, the one who typed; then the oldest. */
  takeBack(person: Person, viewOnly: boolean): KeptSeat | undefined {
    const theirs = [...this.#kept].filter(kept => kept.viewOnly === viewOnly && isSame(kept.person, person))
    const back = theirs.find(isWriter) ?? theirs[0]
    if (!back) return undefined
    this.#kept.delete(back)
    back.over.abort(OVER)
    return back
  }

  /** Somebody else types now: the keyboard is no longer kept. @returns for whom it was */
  takeKeyboard(by: Person): KeptSeat | undefined {
    const kept = [...this.#kept].find(isWriter)
    if (kept) kept.takenBy = calledAs(by)
    return kept
  }
}

export function describeKept({ person, until }: KeptSeat): string {
  return `the keyboard is kept for ${calledAs(person)}, whose connection was lost, until ${timeText(until)}`
}

function mayType({ person, viewOnly }: KeptSeat): boolean {
  return refusalOf({ role: person.role, viewOnly }) === undefined
}

function isWriter({ wrote, takenBy }: KeptSeat): boolean {
  return wrote && takenBy === undefined
}

/** One key, one hop key or one account: somebody for whom the relay vouches is another than who has the key. */
export function isSame(a: Person, b: Person): boolean {
  return a.technician === b.technician && a.via === b.via
}
