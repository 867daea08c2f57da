/** What a trial of connectivity needs next, from what is known: pure. */
import { describeDuration } from '../cli/times.ts'
import { hasProvedItself } from '../device/daemons/for-scripts.ts'
import type { Reading } from '../device/daemons/read-daemon.ts'
import type { Trial } from '../device/import/trial.ts'
import type { SupervisorStatus } from '../formats/status-file.ts'

export interface TrialLimits {
  /** Milliseconds for a proof through the new settings. Time while access is switched off does not count. */
  proofMs: number
  /** Milliseconds for which it waits for the last person to leave, or for access to be switched on. */
  waitMs: number
  /** How often it begins; each start of the device begins it anew. */
  starts: number
}

/** A device in the state `refused` tries again after 300 s at the most: two attempts of that kind. */
export const TRIAL_LIMITS: TrialLimits = { proofMs: 600_000, waitMs: 86_400_000, starts: 5 }

export interface TrialFacts {
  phase: Trial['phase']
  starts: number
  /** Whether somebody on the device began it, and agreed that sessions may be cut off. */
  mayCut: boolean
  /** Whether a system upgrade is on trial: of two trials at once, nobody knows which one failed. */
  isUpgrading: boolean
  supervisor: Reading<SupervisorStatus>
  /** Whether that status was written after the supervisor began with these settings. */
  isOfThese: boolean
  /** Units whose restart may cut somebody off. */
  inUse: readonly string[]
  /** Milliseconds of this phase since this program began it. */
  phaseMs: number
  /** The same without the time in which access was switched off. */
  accessMs: number
}

export type TrialStep =
  | { kind: 'wait'; cause: string }
  | { kind: 'install' }
  | { kind: 'confirm' }
  | { kind: 'undo'; why: string }

export function trialStep(facts: TrialFacts, limits: TrialLimits = TRIAL_LIMITS): TrialStep {
  const { phase, starts, supervisor, isOfThese, phaseMs, accessMs } = facts
  const isOff = supervisor.running && supervisor.status.state === 'maintenance'
  const hours = describeDuration(limits.waitMs)
  if (phase === 'waiting') {
    const cause = whyNotNow(facts, isOff)
    if (cause === undefined) return { kind: 'install' }
    if (phaseMs < limits.waitMs) return { kind: 'wait', cause: `${cause}: it begins when this ends` }
    return { kind: 'undo', why: `it could not begin for ${hours}: ${cause}` }
  }
  if (supervisor.running && isOfThese && hasProvedItself(supervisor.status)) return { kind: 'confirm' }
  if (starts > limits.starts) return { kind: 'undo', why: `the device started ${starts - 1} times during the trial` }
  if (accessMs >= limits.proofMs)
    return { kind: 'undo', why: `no proof within ${describeDuration(limits.proofMs)}: ${lastCause(facts)}` }
  if (phaseMs >= limits.waitMs) return { kind: 'undo', why: `no proof for ${hours}: ${lastCause(facts)}` }
  return {
    kind: 'wait',
    cause: isOff ? 'access is switched off, so that nothing can be proved' : 'a proof through the new settings',
  }
}

function whyNotNow({ isUpgrading, inUse, mayCut }: TrialFacts, isOff: boolean): string | undefined {
  if (isUpgrading) return 'a system upgrade is on trial'
  if (isOff) return 'access is switched off'
  return inUse.length > 0 && !mayCut ? 'somebody is in' : undefined
}

function lastCause({ supervisor, isOfThese }: TrialFacts): string {
  if (!supervisor.running) return supervisor.problem
  if (!isOfThese) return 'oobm-supervisor did not start with the new settings'
  const { state, cause } = supervisor.status
  return `${state}, ${cause}`
}
