/** Ends a session in which no key is pressed for long, where the console has a limit; the keyboard is free before. */
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import { isSame } from '../console/kept-seats.ts'
import type { Seat } from '../console/seat.ts'
import { durationText, watchIdle } from './idle.ts'
import type { Raw } from './raw.ts'

interface EndIdleOptions {
  console: Console
  seat: Seat
  raw: Raw
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
  /** Shows a line to the technician. */
  tell(text: string): void
  /** Ends the session. */
  dismiss(text: string): void
}

export async function endIdle({ console, seat, raw, clock, over, tell, dismiss }: EndIdleOptions): Promise<void> {
  const { idleTimeoutS } = console.config
  if (idleTimeoutS === undefined) return
  const limitMs = idleTimeoutS * 1_000
  const duration = durationText(limitMs)
  const isTransferring = () => console.keyboard.transfer !== undefined && isSame(console.keyboard.transfer.seat, seat)
  await watchIdle({
    ...{ limitMs, clock, over },
    // A paste or a transfer goes on without a key.
    idleMs: () => (raw.isOn || isTransferring() || console.input.waitingBytes(seat) > 0 ? 0 : seat.idleMs),
    onKeyboard: () => {
      console.keyboard.giveUp(seat, `, after ${duration} without a key`)
      tell(`you have pressed no key for ${duration}: in another ${duration} this session ends`)
    },
    onEnd: () => dismiss(`this session ends: no key for ${durationText(2 * limitMs)}`),
  })
}
