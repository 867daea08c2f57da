/** The columns of the table of `oobm-relay top`: wider terminals have more; pure. */
import { shortAge } from '../../../cli/times.ts'
import { textWidth } from '../../../cli/width.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { milliseconds } from './describe-row.ts'
import { outputAge, plain, type Row, whoOrWhy } from './fleet-rows.ts'

/** Below it the columns that say less are left out. */
export const WIDE = 110

export interface Column {
  head: string
  width: number
  cell(row: Row): string
}

interface Table {
  rows: readonly Row[]
  relays: readonly unknown[]
  nowMs: number
  columns: number
}

export function columnsFor({ rows, relays, nowMs, columns }: Table): Column[] {
  const isWide = columns >= WIDE
  const names = rows.map(({ device, console }) => textWidth(console ?? device) + (console === undefined ? 0 : 2))
  const name = Math.min(isWide ? 40 : 24, Math.max(18, ...names))
  const table: Column[] = [
    {
      head: 'DEVICE / CONSOLE',
      width: name,
      cell: row => (row.console === undefined ? row.device : `  ${row.console}`),
    },
    { head: 'STATE', width: 12, cell: row => row.state },
    { head: 'OUTPUT', width: 6, cell: row => (row.line === undefined ? '' : outputAge(row, nowMs)) },
    { head: 'PROVED', width: 6, cell: device(({ provedAtMs }) => shortAge(provedAtMs, nowMs)) },
    { head: 'SINCE', width: 5, cell: device(({ sinceMs }) => shortAge(sinceMs, nowMs)) },
  ]
  if (isWide) {
    table.push(
      { head: 'RTT', width: 7, cell: device(({ report }) => milliseconds(report?.probeMs)) },
      { head: 'UPLINK', width: 8, cell: device(({ report }) => plain(report?.uplink ?? '-', 8)) },
      { head: 'VERSION', width: 10, cell: device(({ report }) => plain(report?.software ?? '-', 10)) },
    )
    if (relays.length > 1) table.push({ head: 'RELAY', width: 10, cell: device(({ relay }) => relay ?? '-') })
  }
  const used = table.reduce((sum, { width }) => sum + width + 1, 2)
  table.push({ head: 'WHO / WHY', width: Math.max(8, columns - used), cell: row => whoOrWhy(row, nowMs) })
  return table
}

/** For a column that consoles leave empty. */
function device(cell: (view: DeviceView) => string): (row: Row) => string {
  return ({ view, console }) => (console === undefined ? cell(view) : '')
}
