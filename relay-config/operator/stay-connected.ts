/** Connects again after a lost connection, by way of each relay in turn; the attempts themselves are the caller's. */
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
  /** Names of the console by way of each relay, the preferred one first. */
  hosts: readonly string[]
  connect(host: string): Promise<Attempt>
  tell(text: string): void
  clock: Clock
  signal: AbortSignal
}

/** Milliseconds to wait before each attempt; the last one is repeated. */
export const WAITS_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000] as const

/**
 * Ends when the session ends other than by a lost connection, when no relay lets us in the first time, or when aborted.
 * @returns the exit code of the session
 */
export async function stayConnected(options: StayConnectedOptions): Promise<number> {
  const { hosts, connect, tell, clock, signal } = options
  let hasBeenIn = false
  let failures = 0
  for (let at = 0; !signal.aborted; at++) {
    const host = hosts[at % hosts.length] ?? ''
    const { code, wasIn } = await connect(host)
    if (signal.aborted) break
    // A command that ends with 255 does not exist at a console: see the table of exit codes in docs/console.md.
    if (code !== SSH_FAILED) return code ?? EXIT.failed
    hasBeenIn ||= wasIn
    failures = wasIn ? 0 : failures + 1
    // ssh has said why.
    if (!hasBeenIn && failures >= hosts.length) return EXIT.unavailable
    if (wasIn) {
      tell('the connection was lost; connecting again, Ctrl-C ends; the place at the console is kept for 60 s')
      // The relay that was lost is tried first.
      at--
    }
    const round = Math.floor(failures / hosts.length)
    const waitMs = WAITS_MS[Math.min(round, WAITS_MS.length - 1)] ?? 0
    if (!wasIn && hasBeenIn) tell(`not connected yet; next attempt in ${waitMs / 1_000} s, Ctrl-C ends`)
    await clock.sleep(waitMs, signal)
  }
  return EXIT.failed
}
