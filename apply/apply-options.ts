/** What `oobm-apply` works with. */
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/log.ts'
import type { TrialLimits } from './trial-step.ts'

export interface ApplyOptions {
  /** Where the others' files are. */
  env: NodeJS.ProcessEnv
  /** For what outlives this process and not the boot. */
  runtime: string
  /** Below which the settings are. */
  root: string
  clock: Clock
  signal: AbortSignal
  log: Logger
  limits?: TrialLimits
  /** Milliseconds between two looks at the folder and at the trial. */
  paceMs?: number
}

/** Milliseconds between two looks where the options do not say. */
export const PACE_MS = 1_000
