/** The chosen row of `oobm-relay top` in words; pure. */
import { shortAge } from '../../../cli/times.ts'
import { fitWidth } from '../../../cli/width.ts'
import { printable } from '../../../runtime/printable.ts'
import { plain, type Row, whoOrWhy } from './fleet-rows.ts'

/** Two lines. */
export function describeRow(row: Row | undefined, nowMs: number, columns: number): string[] {
  if (row === undefined) return ['', '']
  const { view, line } = row
  const { report, reportedAtMs } = view
  const reported = reportedAtMs === undefined ? 'no report yet' : `reported ${shortAge(reportedAtMs, nowMs)} ago`
  const first =
    line === undefined
      ? [view.device, whoOrWhy(row, nowMs) || printable(report?.cause ?? '', 300)]
      : [
          `${row.console} at ${view.device}`,
          line.open ? 'open' : `closed: ${printable(line.cause)}`,
          line.outputS === null ? 'no output since the console bridge started' : '',
          row.label,
        ]
  const second =
    line === undefined
      ? [
          reported,
          `proved ${view.provedAtMs === undefined ? 'never' : `${shortAge(view.provedAtMs, nowMs)} ago`}`,
          `round trip ${milliseconds(report?.probeMs)}`,
          plain(report?.uplink ?? '', 20),
          plain(report?.software ?? '', 20),
        ]
      : [
          reported,
          ...line.who.map(({ technician, types, forS }) => {
            const since = shortAge((reportedAtMs ?? nowMs) - forS * 1000, nowMs)
            return `${printable(technician, 40)} ${types ? 'types' : 'watches'} for ${since}`
          }),
        ]
  return [first, second].map(parts => fitWidth(parts.filter(part => part !== '').join(' · '), columns).trimEnd())
}

export function milliseconds(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '-' : `${Math.round(ms)}ms`
}
