/** Keeps one line open: opens it, waits for its end, reports why it is closed, and opens it again. */

import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { napper } from '../nap.ts'
import type { Line, LineEvents } from './line.ts'
import { TURN_MS, untilTurnMs } from './turns.ts'

export interface KeepOpenOptions {
  open(events: LineEvents): Promise<Line>
  /** Resolves when it is worth trying again. */
  untilReturn(signal: AbortSignal): Promise<void>
  clock: Clock
  signal: AbortSignal
  onOpen(line: Line): void
  onData(bytes: Buffer): void
  onHeld(held: boolean): void
  /** Also called at each failed attempt; the cause may differ. */
  onClosed(cause: string): void
  /** Called at least every {@link TURN_MS} while the loop lives; the watchdog depends on it. */
  onTurn(): void
}

/** Returns when aborted, with the line closed. */
export async function keepOpen(options: KeepOpenOptions): Promise<void> {
  const { open, clock, signal, onOpen, onData, onHeld, onClosed, onTurn, untilReturn } = options
  while (!signal.aborted) {
    onTurn()
    const nap = napper(clock, signal)
    let cause: string | undefined
    const onClose = (why: string) => {
      cause = why
      nap.wake()
    }
    const line = await open({ onData, onHeld, onClose }).catch(err => onClose(errorMessage(err)))
    if (line && cause === undefined) onOpen(line)
    while (cause === undefined && !signal.aborted) {
      onTurn()
      await nap.sleep(untilTurnMs(clock.nowMs()))
    }
    if (cause === undefined) return void (await line?.close())
    onClosed(cause)
    await untilReturn(signal)
  }
}
