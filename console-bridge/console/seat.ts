/** A session's place at a console: what it may do there, what it hears, and what it is answered. */
import type { Loss } from './loss.ts'
import type { Person } from './person.ts'

/** What a session hears from its console. */
export interface SeatEvents {
  /** There is more in the scrollback. */
  onOutput(): void
  /** One line for the technician. */
  onNotice(text: string): void
  /** What was typed went out, and there is room for more. */
  onRoom(): void
  /** So many bytes of this seat went out. */
  onSent(bytes: number): void
  /** So many bytes of this seat are dropped; 0 where some that went to the adapter may be. */
  onLost(bytes: number, loss: Loss): void
  /** A BREAK that this seat did not ask for begins: what comes from now on may have been typed before it was known. */
  onOthersBreak(loss: Loss): void
  /** The session is to end, and why; resolves when the technician was told, as far as that can be. */
  onDismissed(text: string): Promise<unknown>
}

/** A session's place at a console. */
export interface Seat extends Person {
  /** Of this console since the program's start: no two are the same. */
  readonly id: number
  /** Milliseconds since 1970; another when the board has learned the time. */
  readonly since: number
  /** The session only looks on, whoever it is. */
  readonly viewOnly: boolean
  readonly mayType: boolean
  readonly events: SeatEvents
}

/** `cause`: a sentence for the asker. `refused`: this person may not; otherwise it could not be done. */
export type BreakAnswer = { sent: true } | { sent: false; refused: boolean; cause: string }

/** As for a BREAK. */
export type ReleaseAnswer = { released: true } | { released: false; refused: boolean; cause: string }

export type TypeOutcome = 'taken' | 'full' | 'observer' | 'occupied' | 'closed'

/** Nothing goes out because flow control holds the line. `since` as for a line's state. */
export interface Hold {
  since: number
  cause: string
}

/** `since`: milliseconds since 1970, as for a seat. */
export type LineState = ({ open: true } | { open: false; cause: string }) & { since: number }
