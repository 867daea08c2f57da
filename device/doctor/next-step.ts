/** What the supervisor does next by itself, and when; pure. */
import { describeDuration } from '../../cli/times.ts'
import { RECOVERY_WORDS } from '../../formats/recovery-steps.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { type Finding, ok } from './finding.ts'

const WHAT = 'next'

export function nextSteps(status: SupervisorStatus, { selftestS }: { selftestS: number }, nowMs: number): Finding[] {
  const { retryAt, connectedAt, proof, recovery = [] } = status
  const when = (atMs: number) => (atMs > nowMs ? `in ${describeDuration(atMs - nowMs)}` : 'now')
  const steps = recovery.flatMap(({ interface: name, next }) =>
    next === null ? [] : [ok(WHAT, `${when(next.at)} it tries, for ${name}: ${RECOVERY_WORDS[next.step].toDo}`)],
  )
  if (retryAt !== null) return [ok(WHAT, `${when(retryAt)} it tries to connect again`), ...steps]
  if (connectedAt === null) return [ok(WHAT, 'it connects as soon as the network and the relay answer'), ...steps]
  if (proof.provedAt === null) return [ok(WHAT, 'it is connected, and proves the way back now'), ...steps]
  return [
    ok(
      WHAT,
      `it stays connected, and proves the way back again at the latest ${when(proof.provedAt + selftestS * 1000)}`,
    ),
    ...steps,
  ]
}
