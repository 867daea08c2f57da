/** The exit codes of a session and of its words. docs/console.md has this table, and a test keeps it so. */
import { EXIT } from '../../runtime/errors.ts'
import type { LossKind } from '../console/loss.ts'

export const SESSION_EXIT = {
  ok: EXIT.ok,
  silent: EXIT.failed,
  usage: EXIT.usage,
  unavailable: EXIT.unavailable,
  /** EX_IOERR */
  notSent: 74,
  /** EX_TEMPFAIL: the same later may succeed. */
  occupied: 75,
  /** EX_NOPERM */
  observer: 77,
  /** As timeout(1) has it. */
  cut: 124,
} as const

export type SessionExit = (typeof SESSION_EXIT)[keyof typeof SESSION_EXIT]

/** What each means. Input that was lost comes before how the answer ended; of several losses the first one counts. */
export const SESSION_EXIT_MEANINGS: readonly (readonly [SessionExit, string])[] = [
  [SESSION_EXIT.ok, 'all input was sent, and the target was silent at the end of its answer'],
  [SESSION_EXIT.silent, 'all input was sent, and the target said nothing at all for 10 s'],
  [SESSION_EXIT.usage, 'there is no such word, or no such console for you; nothing was sent'],
  [
    SESSION_EXIT.unavailable,
    'the bridge cannot: it stops, access was switched off, the line closed before the end of the answer, you have too many connections, or no BREAK could be sent',
  ],
  [
    SESSION_EXIT.notSent,
    'some input was not sent: the line was or became closed, flow control held it for 20 s, somebody’s BREAK dropped it, or you left before',
  ],
  [SESSION_EXIT.occupied, 'some input was not sent: somebody else types, or took over; another time it may be'],
  [SESSION_EXIT.observer, 'some input was not sent, or no BREAK: you may only watch this console'],
  [
    SESSION_EXIT.cut,
    'all input was sent; after 60 s the target still talked and its answer is cut there, or parts of it are missing because the connection was too slow',
  ],
]

/** The code of a session whose input was lost so. */
export function exitOfLoss(kind: LossKind): SessionExit {
  switch (kind) {
    case 'observer':
      return SESSION_EXIT.observer
    case 'occupied':
    case 'taken-over':
      return SESSION_EXIT.occupied
    case 'closed':
    case 'held':
    case 'break':
    case 'left':
      return SESSION_EXIT.notSent
    default:
      return kind satisfies never
  }
}
