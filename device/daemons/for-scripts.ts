/** What the scripts of the package and of the image ask about the daemons; pure, each answer is an exit code or a list. */
import { isProvedReachable } from '../../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import type { Reading } from './read-daemon.ts'

/**
 * Whether this system has shown that a technician can get in. `maintenance` counts where the way back was proved before:
 * while the operator has access switched off, nothing can be proved.
 */
export function hasProvedItself({ state, proof }: Pick<SupervisorStatus, 'state' | 'proof'>): boolean {
  return isProvedReachable(state) || (state === 'maintenance' && proof.provedAt !== null)
}

/**
 * The units whose restart may cut somebody off. One that runs and whose status cannot be read counts: nobody knows that
 * nobody is in.
 */
export function unitsInUse(supervisor: Reading<SupervisorStatus>, bridge: Reading<ConsoleStatus>): string[] {
  const hasTunnelSessions = ({ sessions }: SupervisorStatus) => sessions.shell + sessions.console > 0
  const hasConsoleSessions = ({ consoles }: ConsoleStatus) => consoles.some(({ sessions }) => sessions.length > 0)
  return [
    ...(mayBe(supervisor, hasTunnelSessions) ? ['oobm-supervisor'] : []),
    ...(mayBe(bridge, hasConsoleSessions) ? ['oobm-console'] : []),
  ]
}

function mayBe<T>(reading: Reading<T>, isInUse: (status: T) => boolean): boolean {
  return reading.running ? isInUse(reading.status) : reading.state !== 'gone'
}
