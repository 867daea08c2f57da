/** Asks several relays, and keeps what each says: one that does not answer hides nothing of the others. */

import { systemClock } from '../../../runtime/clock.ts'
import { UserError } from '../../../runtime/errors.ts'
import { OVER } from '../../../runtime/waiting.ts'
import type { Relay } from '../../fleet/fleet-config.ts'

export interface Answers<T, R = Relay> {
  answers: { relay: R; answer: T }[]
  /** Those that could not be asked; the reason was shown. */
  missing: readonly R[]
  /** The worst exit code of these, or 0. */
  code: number
}

/** Milliseconds after which the next relay is asked, whatever the one before does: a login takes less. */
const TURN_MS = 20_000

/**
 * They work side by side; their logins come one after the other, because each may ask a person for something.
 * @param ask calls `onLogin` once it is in
 */
export async function askEach<T, R = Relay>(
  relays: readonly R[],
  ask: (relay: R, onLogin: () => void) => Promise<T>,
): Promise<Answers<T, R>> {
  const asked: Promise<{ relay: R; answer: T } | { relay: R; problem: UserError }>[] = []
  for (const relay of relays) {
    const turn = new AbortController()
    const end = () => turn.abort(OVER)
    asked.push(
      ask(relay, end)
        .then(
          answer => ({ relay, answer }),
          problem => {
            if (!(problem instanceof UserError)) throw problem
            process.stderr.write(`${problem.message}\n`)
            return { relay, problem }
          },
        )
        .finally(end),
    )
    await systemClock.sleep(TURN_MS, turn.signal)
  }
  const all = await Promise.all(asked)
  const failed = all.flatMap(one => ('problem' in one ? [one] : []))
  return {
    answers: all.flatMap(one => ('answer' in one ? [one] : [])),
    missing: failed.map(({ relay }) => relay),
    code: Math.max(0, ...failed.map(({ problem }) => problem.exitCode)),
  }
}
