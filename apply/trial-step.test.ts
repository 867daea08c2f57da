import * as assert from 'uvu/assert'
import type { Reading } from '../device/daemons/read-daemon.ts'
import type { SupervisorStatus } from '../formats/status-file.ts'
import { suite } from '../testbed/suite.ts'
import { type TrialFacts, trialStep } from './trial-step.ts'

const test = suite('trial step')

const LIMITS = { proofMs: 600_000, waitMs: 86_400_000, starts: 5 }

const running = (state: string, provedAt: number | null = null) =>
  ({ running: true, status: { state, cause: 'why', proof: { provedAt } } }) as unknown as Reading<SupervisorStatus>
const gone: Reading<SupervisorStatus> = { running: false, state: 'gone', problem: 'it is not running' }

const of = (facts: Partial<TrialFacts>) => {
  const step = trialStep(
    {
      ...{ phase: 'trial', starts: 1, supervisor: running('no-relay'), isOfThese: true, inUse: [], mayCut: false },
      ...{ phaseMs: 0, accessMs: 0, isUpgrading: false },
      ...facts,
    },
    LIMITS,
  )
  return `${step.kind} ${'cause' in step ? step.cause : 'why' in step ? step.why : ''}`.trim()
}

test('waits while somebody is in or access is off, for a bounded time, and installs then', () => {
  const rows: [facts: Partial<TrialFacts>, step: string][] = [
    [{ supervisor: running('ready', 1) }, 'install'],
    [{ supervisor: gone }, 'install'],
    [{ supervisor: running('in-use', 1), inUse: ['oobm-supervisor'] }, 'wait somebody is in: it begins when this ends'],
    [{ inUse: ['oobm-console'] }, 'wait somebody is in: it begins when this ends'],
    [{ inUse: ['oobm-supervisor', 'oobm-console'], mayCut: true }, 'install'],
    [{ supervisor: running('maintenance', 1) }, 'wait access is switched off: it begins when this ends'],
    [{ supervisor: running('maintenance', 1), mayCut: true }, 'wait access is switched off: it begins when this ends'],
    [{ isUpgrading: true, mayCut: true }, 'wait a system upgrade is on trial: it begins when this ends'],
    [{ isUpgrading: true, phaseMs: 86_400_000 }, 'undo it could not begin for 1 day: a system upgrade is on trial'],
    [{ inUse: ['oobm-console'], phaseMs: 86_400_000 }, 'undo it could not begin for 1 day: somebody is in'],
    [
      { supervisor: running('maintenance'), phaseMs: 86_400_000 },
      'undo it could not begin for 1 day: access is switched off',
    ],
  ]
  for (const [facts, step] of rows) assert.is(of({ phase: 'waiting', ...facts }), step)
})

test('is decided by a proof of a supervisor that began with the new settings, or by the time', () => {
  const rows: [facts: Partial<TrialFacts>, step: string][] = [
    [{}, 'wait a proof through the new settings'],
    [{ supervisor: gone }, 'wait a proof through the new settings'],
    [{ supervisor: running('ready', 1) }, 'confirm'],
    [{ supervisor: running('in-use', 1), inUse: ['oobm-supervisor'] }, 'confirm'],
    [{ supervisor: running('ready', 1), isOfThese: false }, 'wait a proof through the new settings'],
    // Proved before access was switched off.
    [{ supervisor: running('maintenance', 1) }, 'confirm'],
    [{ supervisor: running('maintenance') }, 'wait access is switched off, so that nothing can be proved'],
    [{ supervisor: running('unproved', 1) }, 'wait a proof through the new settings'],
    [{ accessMs: 599_999 }, 'wait a proof through the new settings'],
    [{ accessMs: 600_000 }, 'undo no proof within 10 min: no-relay, why'],
    [{ accessMs: 600_000, supervisor: gone }, 'undo no proof within 10 min: it is not running'],
    [
      { accessMs: 600_000, supervisor: running('ready', 1), isOfThese: false },
      'undo no proof within 10 min: oobm-supervisor did not start with the new settings',
    ],
    // The last moment counts.
    [{ accessMs: 600_000, supervisor: running('ready', 1) }, 'confirm'],
    [
      { phaseMs: 700_000, supervisor: running('maintenance') },
      'wait access is switched off, so that nothing can be proved',
    ],
    [{ phaseMs: 86_400_000, supervisor: running('maintenance') }, 'undo no proof for 1 day: maintenance, why'],
    [{ starts: 5 }, 'wait a proof through the new settings'],
    [{ starts: 6 }, 'undo the device started 5 times during the trial'],
  ]
  for (const [facts, step] of rows) assert.is(of(facts), step, JSON.stringify(facts))
})

test.run()
