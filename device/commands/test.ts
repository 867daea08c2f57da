/** `oobm test`: runs a self-test now, and explains it step by step. */
import { usageError } from '../../cli/command.ts'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { ask, runningSupervisor, watchSupervisor } from '../daemons/ask-supervisor.ts'

type Attempt = NonNullable<SupervisorStatus['proof']['attempt']>

/** Seconds for a connection and a login over a bad line, and for a self-test that was already running. */
const LIMIT_S = 60
/** Milliseconds that the supervisor has for ours after one that was already running. */
const OURS_MS = 20_000
/** Milliseconds by which the two clocks may drift apart without having been set. */
const CLOCK_SET_MS = 1_000

export const testCommand = defineCommand({
  summary: 'prove the way in now, through the relay and back into this device',
  options: {
    timeout: { value: 'SECONDS', default: String(LIMIT_S), help: 'how long to wait for the supervisor’s self-test' },
  },
  exitCodes: {
    0: 'The way in is proved.',
    1: 'It is not proved.',
    69: 'The supervisor does not run or does not answer.',
  },
  run: async ({ values, ...context }) => {
    const limitS = Number(values.timeout)
    if (!(limitS > 0)) usageError(`"${values.timeout}" is not a number of seconds`)
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
})

/**
 * Distinguishes the self-test that was asked for from earlier ones: the last one, whose time changes when the clock is set,
 * and one that was running already, which may have failed for a cause that was removed since.
 * @param last the one that had ended when we asked
 */
export function attemptFinder(last: Attempt | null, clock: Pick<Clock, 'wallMs' | 'nowMs'>) {
  const askedMs = clock.wallMs()
  const offsetMs = askedMs - clock.nowMs()
  let older: { attempt: Attempt; untilMs: number } | undefined
  return {
    /** The attempt if it is ours. One that was running counts if no other follows within 20 s. */
    ours: (attempt: Attempt | null): Attempt | undefined => {
      if (attempt === null) return undefined
      const wasSet = Math.abs(clock.wallMs() - clock.nowMs() - offsetMs) > CLOCK_SET_MS
      if (attempt.at === last?.at || (wasSet && isSame(attempt, last))) return undefined
      if (wasSet || startOf(attempt) >= askedMs) return attempt
      older ??= { attempt, untilMs: clock.nowMs() + OURS_MS }
      return clock.nowMs() >= older.untilMs ? older.attempt : undefined
    },
    /** The one that was running, if ours never came. */
    older: () => older?.attempt,
  }
}

/** `at` is when it ended. */
function startOf({ at, tookMs }: Attempt): number {
  return at - tookMs
}

function isSame(one: Attempt, other: Attempt | null): boolean {
  return one.ok === other?.ok && JSON.stringify(one.steps) === JSON.stringify(other.steps)
}

async function unanswered(env: NodeJS.ProcessEnv, limitS: number): Promise<UserError> {
  const { state, cause } = await runningSupervisor(env)
  return new UserError(
    `no self-test ran within ${limitS} s. The state is ${state}: ${cause}\nRun "oobm doctor" to find the reason.`,
  )
}

/** One line for each step, and the result. */
export function describeAttempt({ ok, tookMs, steps }: Attempt, paint: Paint): string[] {
  const rows = steps.map(({ ok, name, tookMs, detail }) => [
    ok ? paint.good('ok') : paint.bad('failed'),
    name,
    `${Math.round(tookMs)} ms`,
    detail,
  ])
  const failed = steps.find(step => !step.ok)
  const sum = ok
    ? `${paint.strong(paint.good('proved'))} in ${Math.round(tookMs)} ms: technicians can get in`
    : `${paint.strong(paint.bad('not proved'))}${failed ? `: the step "${failed.name}" failed` : ''}; run "oobm doctor" to find the reason`
  return [...alignColumns(rows), sum]
}
