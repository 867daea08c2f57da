/** `oobm test`: a self-test now, explained step by step. */
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { SupervisorStatus } from '../../runtime/status-file.ts'
import { ask, runningSupervisor, watchSupervisor } from './ask-supervisor.ts'
import { type Command, type Paint, readArguments, usageError } from './command.ts'

type Attempt = NonNullable<SupervisorStatus['proof']['attempt']>

/** Seconds: a connection and a login over a bad line, and a self-test that was under way already. */
const LIMIT_S = 60

export const testCommand: Command = {
  usage: 'test [--timeout SECONDS]',
  summary: 'prove the way in now: through the relay and back into this device (exit 0: proved, 1: not)',
  run: async (args, context) => {
    const { values } = readArguments(testCommand, args, { timeout: { type: 'string', default: String(LIMIT_S) } })
    const limitS = Number(values.timeout)
    if (!(limitS > 0)) throw usageError(testCommand, `"${values.timeout}" is not a number of seconds`)
    const before = await runningSupervisor(context.env)
    const takeBack = await ask(context.env, 'test', '')
    try {
      const attempt = await watchSupervisor(context, limitS * 1000, ({ proof }) =>
        proof.attempt !== null && proof.attempt.at !== before.proof.attempt?.at ? proof.attempt : undefined,
      )
      if (attempt === undefined) throw await unanswered(context.env, limitS)
      for (const line of describeAttempt(attempt, context.paint)) context.print(line)
      return attempt.ok ? EXIT.ok : EXIT.failed
    } finally {
      await takeBack()
    }
  },
}

async function unanswered(env: NodeJS.ProcessEnv, limitS: number): Promise<UserError> {
  const { word, cause } = await runningSupervisor(env)
  return new UserError(
    `no self-test ran within ${limitS} s. The supervisor says: ${word}, ${cause}\noobm doctor looks for the reason.`,
  )
}

/** One line a step, and what it comes to. */
export function describeAttempt({ ok, steps }: Attempt, paint: Paint): string[] {
  const width = Math.max(0, ...steps.map(({ name }) => name.length))
  const totalMs = steps.reduce((sum, { tookMs }) => sum + tookMs, 0)
  const lines = steps.map(step => {
    const mark = step.ok ? paint.good('ok    ') : paint.bad('failed')
    return `${mark} ${step.name.padEnd(width)} ${`${Math.round(step.tookMs)} ms`.padStart(8)}  ${step.detail}`.trimEnd()
  })
  const failed = steps.find(step => !step.ok)
  const sum = ok
    ? `${paint.strong(paint.good('proved'))} in ${Math.round(totalMs)} ms: a technician can get in`
    : `${paint.strong(paint.bad('not proved'))}${failed ? `: it stops at "${failed.name}"` : ''}; oobm doctor looks for the reason`
  return [...lines, sum]
}
