/** Connects again after a lost connection; the attempts themselves are the caller's. */
import { SSH_FAILED } from '../../cli/ssh.ts'
import type { Clock } from '../../runtime/clock.ts'
import { EXIT } from '../../runtime/errors.ts'

export interface Attempt {
  /** Exit code of ssh; undefined where a signal ended it. */
  code: number | undefined
  /** The login succeeded. */
  wasIn: boolean
}

export interface StayConnectedOptions {
  connect(): Promise<Attempt>
  tell(text: string): void
  clock: Clock
  signal: AbortSignal
}

/** Milliseconds to wait before each attempt; the last one is repeated. */
export const WAITS_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000] as const

/**
 * Ends when the session ends other than by a lost connection, when the first attempt fails, or when aborted.
 * @returns the exit code of the session
 */
export async function stayConnected(options: StayConnectedOptions): Promise<number> {
  const { connect, tell, clock, signal } = options
  let hasBeenIn = false
  let failures = 0
  while (!signal.aborted) {
    const { code, wasIn } = await connect()
    if (signal.aborted) break
    // A command that ends with 255 does not exist at a console: see the table of exit codes in docs/console.md.
    if (code !== SSH_FAILED) return code ?? EXIT.failed
    hasBeenIn ||= wasIn
    // ssh has said why.
    if (!hasBeenIn) return EXIT.unavailable
    failures = wasIn ? 0 : failures + 1
    const waitMs = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 0
    if (wasIn) tell('the connection was lost; connecting again, Ctrl-C ends; the place at the console is kept for 60 s')
    else tell(`not connected yet; next attempt in ${waitMs / 1_000} s, Ctrl-C ends`)
    await clock.sleep(waitMs, signal)
  }
  return EXIT.failed
}
