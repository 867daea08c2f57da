/** The next free port pair and the next free uid. */
import type { Fleet } from '../fleet-config.ts'
import { TECHNICIAN_UIDS } from '../fleet-schema.ts'

/** Below the ports that Linux gives to outgoing connections (ip_local_port_range): such a connection could occupy a listener's port. */
const FIRST_PORT = 20_100
const LAST_PORT = 32_766
const HIGHEST_PORT = 65_534

/**
 * The pair after the highest in use, so that those of removed devices are used again last; then the first gap.
 * @returns undefined when none is left
 */
export function nextPort({ devices }: Fleet): number | undefined {
  const taken = new Set(devices.flatMap(({ port }) => [port - 1, port, port + 1]))
  const after = Math.max(FIRST_PORT - 2, ...devices.map(({ port }) => port)) + 2
  if (after <= LAST_PORT) return after
  for (let port = FIRST_PORT; port <= HIGHEST_PORT; port += 2) if (!taken.has(port)) return port
  return undefined
}

/** One above the highest: a uid that somebody had may still own files on a relay. */
export function nextUid({ technicians }: Fleet): number | undefined {
  const next = Math.max(TECHNICIAN_UIDS.first - 1, ...technicians.map(({ uid }) => uid ?? 0)) + 1
  return next <= TECHNICIAN_UIDS.last ? next : undefined
}
