/** A session's seat at a console: what it may do, what it is told, and the answers that it gets. */
import type { KeptSeat } from './kept-seats.ts'
import type { Loss } from './loss.ts'
import type { Person } from './person.ts'

/** What a console tells a session. */
export interface SeatEvents {
  /** There is more in the scrollback. */
  onOutput(): void
  /** One line for the technician. */
  onNotice(text: string): void
  /** How far a file transfer is. */
  onProgress?(text: string): void
  /** There may be room for more of what is typed. */
  onRoom(): void
  /** So many bytes of this seat were sent. */
  onSent(bytes: number): void
  /** So many bytes of this seat were dropped; 0 where bytes that the adapter had taken may be. */
  onLost(bytes: number, loss: Loss): void
  /** Somebody else's BREAK begins: what arrives from now on may have been typed before the technician knew of it. */
  onOthersBreak(loss: Loss): void
  /** The same person came again: perhaps this connection is dead, and nobody has noticed yet. */
  onSamePerson?(): void
  /** Ends the session; resolves when the technician was told why, or cannot be told. */
  onDismissed(text: string): Promise<unknown>
}

/**
 * How a session ended: the person left, their connection was closed or lost, their access ended, or the bridge was
 * stopped.
 */
export type HowEnded = 'left' | 'disconnected' | 'dismissed' | 'stopped'

/** A session's seat at a console. */
export interface Seat extends Person {
  /** Unique at this console since the program's start. */
  readonly id: number
  /** Milliseconds since 1970; changes when the board learns the time. */
  readonly since: number
  /** The session only watches, whoever opened it. */
  readonly viewOnly: boolean
  readonly mayType: boolean
  /** Set for somebody whose connection was lost, and who got their seat back. */
  readonly back?: KeptSeat
  /** Milliseconds since the last key, or since it joined. */
  readonly idleMs: number
  /** Something was typed. */
  touch(): void
  readonly events: SeatEvents
}

/** `cause`: a sentence for whoever asked. `refused`: this person may not; otherwise the line could not. */
export type BreakAnswer = { sent: true } | { sent: false; refused: boolean; cause: string }

/** `cause` and `refused` as for a BREAK. */
export type ReleaseAnswer = { released: true } | { released: false; refused: boolean; cause: string }

export type TypeOutcome = 'taken' | 'full' | 'observer' | 'occupied' | 'closed'

/** Nothing goes out because flow control holds the line. `since` as for a line's state. */
export interface Hold {
  since: number
  cause: string
}

/** `since`: milliseconds since 1970, as for a seat. */
export type LineState = ({ open: true } | { open: false; cause: string }) & { since: number }
