/** A wireless interface that leads nowhere → what to do about it next, and when: pure. */
import { RECOVERY_STEPS, type RecoveryStep } from '../../formats/recovery-steps.ts'

const MINUTE_MS = 60_000

/**
 * `blocked`: the radio, or what is right behind it, does not carry anything: no network, no address, or no gateway that answers.
 * `unproved`: its gateway answers, and no relay is reached over it. What is wrong then lies elsewhere most of the time.
 */
export type Trouble = 'blocked' | 'unproved'

/** Milliseconds from the beginning of the trouble, and between two of the same kind. */
interface Pace {
  firstMs: number
  againMs: number
}

/**
 * An access point that starts anew takes up to five minutes, a roaming board a few seconds. A network controller that lost
 * track of this station lets it in anew, and forwards again. Reloading a driver cannot mend what is behind the gateway, and a
 * reboot still less.
 */
export const PACES: Readonly<Record<Trouble, Partial<Record<RecoveryStep, Pace>>>> = {
  blocked: {
    reassociate: { firstMs: 3 * MINUTE_MS, againMs: 30 * MINUTE_MS },
    'reload-driver': { firstMs: 8 * MINUTE_MS, againMs: 60 * MINUTE_MS },
    // oobm-apply makes one in 6 hours at the most. It may refuse, because somebody is in or something is on trial.
    reboot: { firstMs: 60 * MINUTE_MS, againMs: 15 * MINUTE_MS },
  },
  unproved: { reassociate: { firstMs: 15 * MINUTE_MS, againMs: 60 * MINUTE_MS } },
}

/** Milliseconds for a login, an address and a connection, before the next step: what helps must have the time to. */
export const SETTLE_MS = 5 * MINUTE_MS

export interface StuckFacts {
  nowMs: number
  trouble: { kind: Trouble; sinceMs: number } | undefined
  /** When each step was asked for last, in this trouble. */
  asked: Readonly<Partial<Record<RecoveryStep, number>>>
  /** A relay was reached over this interface since the board started. Without that, no reboot: it would not be the first one. */
  hasWorked: boolean
  /** Something else leads out. */
  isElsewhere: boolean
  /** `[recovery] reboot`. */
  mayReboot: boolean
}

export interface NextStep {
  step: RecoveryStep
  /** On the same clock; it is time when this is not ahead. */
  atMs: number
}

/** @returns what comes next; undefined when there is nothing to do */
export function nextStep(facts: StuckFacts): NextStep | undefined {
  const { trouble, asked } = facts
  if (trouble === undefined) return undefined
  const lastMs = Math.max(Number.NEGATIVE_INFINITY, ...Object.values(asked))
  const steps = RECOVERY_STEPS.flatMap((step): NextStep[] => {
    const pace = PACES[trouble.kind][step]
    if (pace === undefined || (step === 'reboot' && !mayReboot(facts))) return []
    const before = asked[step]
    const dueMs = before === undefined ? trouble.sinceMs + pace.firstMs : before + pace.againMs
    return [{ step, atMs: Math.max(dueMs, lastMs + SETTLE_MS) }]
  })
  // Of several at one time, the mildest.
  return steps.toSorted((a, b) => a.atMs - b.atMs)[0]
}

/** Only where nobody can be cut off by it, and where it may help: a radio that worked, after all that is milder. */
function mayReboot({ hasWorked, isElsewhere, mayReboot, asked }: StuckFacts): boolean {
  return mayReboot && hasWorked && !isElsewhere && asked['reload-driver'] !== undefined
}
