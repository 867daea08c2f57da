/** Every row, in the order of docs/reliability.md. */
import type { Row } from '../row.ts'
import { linkRows } from './link.ts'
import { pathRows } from './path.ts'
import { relayRows } from './relay.ts'

export const ALL_ROWS: readonly Row[] = [...relayRows, ...pathRows, ...linkRows]
