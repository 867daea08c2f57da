/** Waits, within bounds, until all input of a program is sent and the target has answered. */
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import type { Seat } from '../console/seat.ts'
import { ANSWER_NOTICES, untilAnswered } from './answer.ts'
import { SESSION_EXIT, type SessionExit } from './exit-codes.ts'
import type { Ledger } from './ledger.ts'
import type { View } from './view.ts'

interface LastAnswerOptions {
  console: Console
  /** Undefined once the session has left. */
  seat: Seat | undefined
  ledger: Ledger
  view: View
  /** The end of the scrollback when the session began. */
  from: number
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
}

/** @returns how the answer ended; undefined where input was lost, which says more */
export async function lastAnswer(options: LastAnswerOptions): Promise<SessionExit | undefined> {
  const { console, seat, ledger, view, from, clock, over } = options
  if (seat) await console.input.sent(seat, over)
  if (ledger.loss) return undefined
  const { scrollback } = console
  const isOpen = () => console.state.open
  const answer = await untilAnswered({ scrollback, from, hasAsked: ledger.sentBytes > 0, isOpen, clock, over })
  const notice = ANSWER_NOTICES[answer]
  if (notice !== undefined) view.tell(notice)
  return view.missedBytes > 0 ? SESSION_EXIT.cut : answer
}
