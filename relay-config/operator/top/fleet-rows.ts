/** The fleet as rows, worst first: each device, and below it its consoles; pure. Texts of devices are made harmless here. */
import { shortAge } from '../../../cli/times.ts'
import { labelText } from '../../../formats/console-label.ts'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { worstFirst } from '../../relay/state/fleet-states.ts'
import { isOutOfSight } from '../../relay/state/state-order.ts'

export interface Row {
  /** The same for as long as the device and the console exist. */
  id: string
  device: string
  /** Undefined for the device itself. */
  console: string | undefined
  view: DeviceView
  line: ReportedConsole | undefined
  /** What people call the console. */
  label: string
  /** The state, as it is shown: `?` marks one that is not known any more. */
  state: string
  isTrouble: boolean
  isInUse: boolean
}

export type ReportedConsole = NonNullable<DeviceReport['consoles']>[number]

export const FILTERS = ['all', 'trouble', 'in use'] as const
export type Filter = (typeof FILTERS)[number]

export interface RowOptions {
  filter: Filter
  /** Rows that have this text in something that is shown of them; all where it is empty. */
  search: string
  hidesConsoles: boolean
  /** Whether nothing was heard for too long from the relay that speaks of the device. */
  isOld(view: DeviceView): boolean
}

/** A device stays where one of its consoles does: a console without its device says little. */
export function fleetRows(fleet: Fleet, views: readonly DeviceView[], options: RowOptions): Row[] {
  const { filter, hidesConsoles } = options
  const search = options.search.toLowerCase()
  const labels = new Map(
    fleet.devices.flatMap(({ name, consoles }) =>
      consoles.map(({ name: console, label }) => [`${name} ${console}`, labelText(label) ?? '']),
    ),
  )
  const isShown = (row: Row) =>
    (filter === 'all' || (filter === 'trouble' ? row.isTrouble : row.isInUse)) &&
    (search === '' || textOf(row).includes(search))
  return worstFirst(views).flatMap(view => {
    const device = deviceRow(view, options.isOld(view))
    const consoles = (view.report?.consoles ?? []).map(line => consoleRow(device, line, labels))
    const shown = consoles.filter(isShown)
    // With a device that was searched for, all its consoles.
    const isNamed = search !== '' && filter === 'all' && isShown(device)
    if (shown.length === 0 && !isShown(device)) return []
    return [device, ...(hidesConsoles ? [] : isNamed ? consoles : shown)]
  })
}

function deviceRow(view: DeviceView, isOld: boolean): Row {
  const { device, state, off, connected, report } = view
  const shown = plain(state, 12) + (isOld ? '?' : off && state !== 'maintenance' ? ',off' : '')
  return {
    ...{ id: device, device, console: undefined, view, line: undefined, label: '', state: shown },
    isTrouble: isOld || !isProvedReachable(state) || state === 'no-console',
    isInUse: connected && report !== undefined && report.sessions.shell > 0,
  }
}

function consoleRow(device: Row, line: ReportedConsole, labels: ReadonlyMap<string, string>): Row {
  const name = printable(line.name, 40)
  const { view } = device
  // What a device reported before it was lost is not what its console is now.
  const isUnknown = isOutOfSight(view.state) || device.state.endsWith('?')
  const state = `${line.open ? 'open' : 'CLOSED'}${isUnknown ? '?' : ''}`
  return {
    ...{ id: `${view.device} ${line.name}`, device: view.device, console: name, view, line, state },
    label: printable(labels.get(`${view.device} ${line.name}`) ?? '', 120),
    isTrouble: !line.open || isUnknown,
    isInUse: !isUnknown && line.who.length > 0,
  }
}

/** Who is on the console, or why it is not open. */
export function whoOrWhy({ line, view, label, isInUse }: Row, nowMs: number): string {
  if (line === undefined) return whyOf(view, nowMs)
  const people = isInUse
    ? line.who.map(({ technician, types }) => `${printable(technician, 40)} ${types ? 'types' : 'watches'}`)
    : []
  const parts = [line.open ? '' : printable(line.cause) || 'the device does not say why', people.join(', '), label]
  return parts.filter(part => part !== '').join(' · ')
}

/** When its target last said something, as far as the relay was told. */
export function outputAge({ line, view: { reportedAtMs } }: Row, nowMs: number): string {
  if (line?.outputS === undefined || line.outputS === null || reportedAtMs === undefined) return '-'
  return shortAge(reportedAtMs - line.outputS * 1000, nowMs)
}

function whyOf({ state, off, maintenance, report, reportedAtMs, sinceMs }: DeviceView, nowMs: number): string {
  if (off)
    return `access off, by ${printable(maintenance?.by ?? '?', 40)}${maintenance?.reason ? `: ${printable(maintenance.reason)}` : ''}`
  if (state === 'never') return 'it never connected to this relay'
  if (state === 'away') return `not connected; its last report came ${shortAge(reportedAtMs, nowMs)} ago`
  if (state === 'silent') return `connected, but nothing arrives for ${shortAge(sinceMs, nowMs)}`
  const shell = report?.sessions.shell ?? 0
  const inShell = shell > 0 ? `${shell} in the shell` : ''
  return [inShell, ['ready', 'in-use'].includes(state) ? '' : printable(report?.cause ?? '')]
    .filter(part => part !== '')
    .join(' · ')
}

function textOf({ device, console = '', state, label, line, view }: Row): string {
  const people = line?.who.map(({ technician }) => printable(technician, 40)) ?? []
  return [device, console, state, label, line?.cause ?? '', view.relay ?? '', ...people].join(' ').toLowerCase()
}

/** ASCII alone, for a column between others. */
export function plain(text: string, max: number): string {
  return text.replace(/[^ -~]/g, '?').slice(0, max)
}
