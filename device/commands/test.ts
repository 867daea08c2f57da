/** `oobm test`: a self-test now, explained step by step. */

import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Command, type Paint, readArguments, usageError } from '../command.ts'
import { ask, runningSupervisor, watchSupervisor } from '../daemons/ask-supervisor.ts'

type Attempt = NonNullable<SupervisorStatus['proof']['attempt']>

/** Seconds: a connection and a login over a bad line, and a self-test that was under way already. */
const LIMIT_S = 60
/** Milliseconds that the supervisor has for ours after one that was under way when we asked. */
const OURS_MS = 20_000
/** Milliseconds by which the two clocks may part without one having been set. */
const CLOCK_SET_MS = 1_000

export const testCommand: Command = {
  usage: 'test [--timeout SECONDS]',
  summary: 'prove the way in now: through the relay and back into this device (exit 0: proved, 1: not, 69: no answer)',
  run: async (args, context) => {
    const { values } = readArguments(testCommand, args, { timeout: { type: 'string', default: String(LIMIT_S) } })
    const limitS = Number(values.timeout)
    if (!(limitS > 0)) throw usageError(testCommand, `"${values.timeout}" is not a number of seconds`)
    const before = await runningSupervisor(context.env)
    const find = attemptFinder(before.proof.attempt, context.clock)
    const takeBack = await ask(context.env, 'test', '')
    try {
      const attempt =
        (await watchSupervisor(context, limitS * 1000, ({ proof }) => find.ours(proof.attempt))) ?? find.older()
      if (attempt === undefined) throw await unanswered(context.env, limitS)
      for (const line of describeAttempt(attempt, context.paint)) context.print(line)
      return attempt.ok ? EXIT.ok : EXIT.failed
    } finally {
      await takeBack()
    }
  },
}

/**
 * Tells the self-test that was asked for from the ones before: from the last one, whose time changes when the clock is set,
 * and from one that was under way, which may have met what was mended since.
 * @param last the one that was over when we asked
 */
export function attemptFinder(last: Attempt | null, clock: Pick<Clock, 'wallMs' | 'nowMs'>) {
  const askedMs = clock.wallMs()
  const offsetMs = askedMs - clock.nowMs()
  let older: { attempt: Attempt; untilMs: number } | undefined
  return {
    /** The attempt when it is ours. One that was under way counts when none comes for 20 s after it. */
    ours: (attempt: Attempt | null): Attempt | undefined => {
      if (attempt === null) return undefined
      const wasSet = Math.abs(clock.wallMs() - clock.nowMs() - offsetMs) > CLOCK_SET_MS
      if (attempt.at === last?.at || (wasSet && isSame(attempt, last))) return undefined
      if (wasSet || startOf(attempt) >= askedMs) return attempt
      older ??= { attempt, untilMs: clock.nowMs() + OURS_MS }
      return clock.nowMs() >= older.untilMs ? older.attempt : undefined
    },
    /** One that was under way and is over, for want of ours. */
    older: () => older?.attempt,
  }
}

/** `at` is when it was over. */
function startOf({ at, tookMs }: Attempt): number {
  return at - tookMs
}

function isSame(one: Attempt, other: Attempt | null): boolean {
  return one.ok === other?.ok && JSON.stringify(one.steps) === JSON.stringify(other.steps)
}

async function unanswered(env: NodeJS.ProcessEnv, limitS: number): Promise<UserError> {
  const { state, cause } = await runningSupervisor(env)
  return new UserError(
    `no self-test ran within ${limitS} s. The supervisor says: ${state}, ${cause}\noobm doctor looks for the reason.`,
  )
}

/** One line a step, and what it comes to. */
export function describeAttempt({ ok, tookMs, steps }: Attempt, paint: Paint): string[] {
  const width = Math.max(0, ...steps.map(({ name }) => name.length))
  const lines = steps.map(step => {
    const mark = step.ok ? paint.good('ok    ') : paint.bad('failed')
    return `${mark} ${step.name.padEnd(width)} ${`${Math.round(step.tookMs)} ms`.padStart(8)}  ${step.detail}`.trimEnd()
  })
  const failed = steps.find(step => !step.ok)
  const sum = ok
    ? `${paint.strong(paint.good('proved'))} in ${Math.round(tookMs)} ms: a technician can get in`
    : `${paint.strong(paint.bad('not proved'))}${failed ? `: it stops at "${failed.name}"` : ''}; oobm doctor looks for the reason`
  return [...lines, sum]
}
