/** What a console remembers of the people at it over a restart of the program. */
import type { Person } from './person.ts'

export interface RememberedSeat {
  person: Person
  viewOnly: boolean
  /** They typed. */
  wrote: boolean
}

export interface Remembered {
  seats: readonly RememberedSeat[]
  /** Who typed last, and may still be logged in at the target; milliseconds since 1970. */
  lastTyped?: { person: Person; at: number } | undefined
  /** A file transfer that is going on: who it is of, as people are called, and `xmodem send`. */
  transfer?: { by: string; what: string } | undefined
  /** When this was so: milliseconds since 1970. */
  at: number
}

export interface SeatMemory {
  /** From before the start. */
  readonly before: Remembered | undefined
  put(now: Remembered): void
}

/** Lost at the end of the program. */
export const NO_MEMORY: SeatMemory = { before: undefined, put: () => {} }

/** The person alone: not the seat itself, which holds on to its whole session. */
export function personOf({ technician, role, from, via }: Person): Person {
  return { technician, role, from, ...(via && { via }) }
}
