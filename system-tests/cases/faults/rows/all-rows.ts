/** Every row, in the order of docs/reliability.md. */
import type { Row } from '../row.ts'
import { deviceRows } from './device.ts'
import { idleRows } from './idle.ts'
import { linkRows } from './link.ts'
import { nameRows } from './names.ts'
import { pathRows } from './path.ts'
import { portalRows } from './portals.ts'
import { relayRows } from './relay.ts'
import { supervisorRows } from './supervisor.ts'
import { twoRelayRows } from './two-relays.ts'
import { uplinkRows } from './uplinks.ts'
import { wayOutRows } from './ways-out.ts'

export const ALL_ROWS: readonly Row[] = [
  ...relayRows,
  ...pathRows,
  ...linkRows,
  ...nameRows,
  ...portalRows,
  ...wayOutRows,
  ...deviceRows,
  ...supervisorRows,
  ...uplinkRows,
  ...twoRelayRows,
  ...idleRows,
]
