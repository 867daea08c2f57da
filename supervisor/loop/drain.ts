/** A tunnel that another one has replaced: it accepts no new sessions, and closes when the last one has ended. */
import { cancelListeners } from '../tunnel/request-listeners.ts'
import type { Context } from './ports.ts'
import type { Run } from './run-tunnel.ts'

/** Milliseconds after which it closes anyway; people are told before. */
const LONGEST_MS = 24 * 3_600_000
/** Milliseconds between two checks whether a session is left. */
const LOOK_MS = 5_000

export async function drain(
  run: Run,
  context: Context,
  farewell: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { clock, patience, signal } = context
  const { tunnel } = run
  const { connection, forwarding, routes } = tunnel
  run.retire()
  await patience.step([signal, connection.closed], deadline => cancelListeners(connection, routes, deadline))
  const untilMs = clock.nowMs() + LONGEST_MS
  const isEmpty = () => {
    const { shell, console } = forwarding.sessions()
    return shell + console === 0
  }
  while (!isEmpty() && clock.nowMs() < untilMs && !connection.closed.aborted && !signal.aborted) {
    await clock.sleep(LOOK_MS, connection.closed)
  }
  if (!isEmpty() && !signal.aborted) {
    await patience.step([signal, connection.closed], deadline => tunnel.closeListeners(deadline, farewell))
  }
  run.stop()
}
