/** The program `oobm-apply`: systemd starts it when a settings document has arrived, or a trial is not decided. */
import { systemClock } from '../runtime/clock.ts'
import { EXIT } from '../runtime/errors.ts'
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { runApply } from './run-apply.ts'
import { TRIAL_LIMITS } from './trial-step.ts'

const log = createLog('oobm-apply')

void runMain(
  async signal => {
    if (process.argv.length > 2) {
      process.stderr.write(
        'oobm-apply takes no arguments: systemd starts it; "oobm settings apply FILE" brings it a document\n',
      )
      return EXIT.usage
    }
    // systemd sets it to our own folder; to the others' code it is the supervisor's.
    const { RUNTIME_DIRECTORY: runtime = '/run/oobm-apply', OOBM_RUNTIME_DIRECTORY, ...rest } = process.env
    const env: NodeJS.ProcessEnv = {
      ...rest,
      ...(OOBM_RUNTIME_DIRECTORY && { RUNTIME_DIRECTORY: OOBM_RUNTIME_DIRECTORY }),
    }
    // A test has no ten minutes.
    const { OOBM_PACE_MS: paceMs } = env
    const proofMs = env.OOBM_TRIAL_S === undefined ? TRIAL_LIMITS.proofMs : Number(env.OOBM_TRIAL_S) * 1_000
    const limits = { ...TRIAL_LIMITS, proofMs }
    return runApply({
      env,
      runtime,
      root: env.OOBM_ROOT ?? '/',
      clock: systemClock,
      signal,
      log,
      limits,
      ...(paceMs && { paceMs: Number(paceMs) }),
    })
  },
  { onDefect: err => log.fatal({ err }, 'ended by a defect') },
)
