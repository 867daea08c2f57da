/** The exit codes of a session and of an exec command. docs/console.md has this table; a test compares them. */
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

/** What each means. Lost input comes before how the answer ended; of several losses the first one counts. */
export const SESSION_EXIT_MEANINGS: readonly (readonly [SessionExit, string])[] = [
  [SESSION_EXIT.ok, 'all input was sent, and the target finished its answer'],
  [
    SESSION_EXIT.silent,
    'all input was sent, and the target said nothing for 10 s; of `run`: no prompt came for 30 s, or `--idle`; of `log --grep`: no line matches; of `power cycle --break`: the power is on, and no prompt came',
  ],
  [
    SESSION_EXIT.usage,
    'unknown command, invalid arguments, or not one of your consoles; nothing was sent; or `power` was not confirmed, and nothing was switched',
  ],
  [
    SESSION_EXIT.unavailable,
    'the bridge stopped, access was switched off, the line closed before the end of the answer, you have too many connections, no BREAK could be sent, the console has no transcript, nothing is left of a recording, an outlet does not answer or did not do what was asked, or the device has no room for a file',
  ],
  [
    SESSION_EXIT.notSent,
    'some input was not sent: the line was closed, flow control held it for 20 s, somebody’s BREAK dropped it, the target did not answer a paced paste, or you stopped it or left first, also BREAKs while the target boots; or the other end did not confirm a file',
  ],
  [
    SESSION_EXIT.occupied,
    'some input was not sent: somebody else types, or took over; or somebody switches an outlet now, or did less than 5 s ago: nothing was switched; try again later',
  ],
  [
    SESSION_EXIT.observer,
    'some input or a BREAK was not sent: you may only watch this console; or you may not read its transcript, or not switch its power',
  ],
  [
    SESSION_EXIT.cut,
    'all input was sent, but the answer is incomplete: the target still sent output after 60 s, or no prompt came within the `--timeout` of `run`, or the connection was too slow',
  ],
]

/** @returns the code of a session that lost input in this way */
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
    case 'settings':
    case 'left':
    case 'unanswered':
    case 'stopped':
    case 'prompt':
      return SESSION_EXIT.notSent
    default:
      return kind satisfies never
  }
}
