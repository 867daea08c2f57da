/** The fleet's states as lines for a terminal, worst first; pure. Texts of devices are cleaned of what a terminal obeys. */

import type { Paint } from '../../../cli/paint.ts'
import { shortAge } from '../../../cli/times.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import { describeElsewhere, describeOff } from './describe-device.ts'
import type { DeviceView } from './device-view.ts'
import { colourOf, worstFirst } from './fleet-states.ts'
import { silenceMs } from './liveness.ts'

/** The relay has not seen these itself: a device may say anything. */
const BY_DEVICES = 'states, times, versions and who is on a console are what the devices say'

/** @param width columns of the terminal */
export function describeFleet(views: readonly DeviceView[], nowMs: number, width: number, paint: Paint): string[] {
  const isSeveral = views.some(({ relay }) => relay !== undefined)
  const rows = worstFirst(views).map(view => rowOf(view, nowMs, isSeveral))
  const relay = isSeveral ? ['RELAY'] : []
  const head = ['DEVICE', 'STATE', ...relay, 'PROVED', 'RTT', 'SINCE', 'VERSION', 'UPLINK', 'CONSOLES']
  const widest = (column: number, max: number) =>
    Math.min(max, Math.max(...[head, ...rows.map(({ cells }) => cells)].map(cells => cells[column]?.length ?? 0)))
  const middle = [...head.keys()].slice(1, -1)
  const widths = [widest(0, Math.max(18, width - 62)), ...middle.map(column => widest(column, 12))]
  const line = (cells: readonly string[]) => {
    const columns = widths.map((size, index) => fit(cells[index] ?? '', size).padEnd(size)).join(' ')
    return `${columns} ${cells.at(-1) ?? ''}`.slice(0, width).trimEnd()
  }
  const proved = views.filter(({ state }) => isProvedReachable(state)).length
  return [
    paint.strong(line(head)),
    ...rows.map(({ cells, state }) => colourOf(state, paint)(line(cells))),
    `${rows.length} device${rows.length === 1 ? '' : 's'}, ${proved} proved`,
    ...worstFirst(views).flatMap(({ device, off, maintenance }) =>
      off ? `${device}: access is ${describeOff(maintenance)}` : [],
    ),
    ...worstFirst(views).flatMap(view => describeElsewhere(view).map(text => `${view.device}: ${text}`)),
    ...(views.some(({ report }) => report) ? [BY_DEVICES] : []),
    ...unheard(views),
  ]
}

/** Why the relay does not know whether connected devices are silent: a line for each reason. */
export function unheard(views: readonly DeviceView[]): string[] {
  const reasons = views.flatMap(({ heard }) => (heard && 'unknown' in heard ? heard.unknown : []))
  return [...new Set(reasons)].map(reason => {
    const names = views.filter(({ heard }) => heard && 'unknown' in heard && heard.unknown === reason)
    const who = names.length === 1 ? names[0]?.device : `${names.length} devices`
    return `cannot tell whether ${who} ${names.length === 1 ? 'is' : 'are'} silent: ${reason}`
  })
}

function rowOf(view: DeviceView, nowMs: number, isSeveral: boolean) {
  const { device, state, report, provedAtMs, sinceMs, off } = view
  const cells = [
    device,
    off && state !== 'maintenance' ? `${clean(state, 7)},off` : clean(state, 12),
    ...(isSeveral ? [view.relay ?? '-'] : []),
    shortAge(provedAtMs, nowMs),
    report === undefined || report.probeMs === null ? '-' : `${Math.round(report.probeMs)}ms`,
    shortAge(sinceMs, nowMs),
    clean(report?.software ?? '-', 10),
    clean(report?.uplink ?? '-', 10),
    off ? 'access off' : state === 'silent' ? describeSilence(view, nowMs) : describeConsoles(view),
  ]
  return { cells, state }
}

function describeSilence({ heard, pace, reportedAtMs }: DeviceView, nowMs: number): string {
  const ms = silenceMs(heard, pace)
  if (ms !== undefined) return `silent for ${Math.round(ms / 1000)} s`
  return reportedAtMs === undefined ? 'no report yet' : `no report for ${shortAge(reportedAtMs, nowMs)}`
}

/**
 * `sw2! sw1:alice*,bob`: `!` marks a line that is not open; these come first, so that a narrow terminal does not cut them off. `*`
 * marks a person who may type. Without a connection nobody is on a console, whatever the device reported last.
 */
function describeConsoles({ report, connected }: DeviceView): string {
  return (report?.consoles ?? [])
    .toSorted((a, b) => Number(a.open) - Number(b.open))
    .map(({ name, open, who }) => {
      const people = connected ? who.map(({ technician, types }) => `${clean(technician, 32)}${types ? '*' : ''}`) : []
      return `${clean(name, 32)}${open ? '' : '!'}${people.length > 0 ? `:${people.join(',')}` : ''}`
    })
    .join(' ')
}

const clean = (text: string, max = 200) => printable(text, max)

function fit(text: string, size: number): string {
  return text.length <= size ? text : `${text.slice(0, size - 1)}…`
}
