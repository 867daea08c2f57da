/** The fleet's states as lines for a terminal, worst first; pure. Nothing that a device said gets there unclean. */

import { shortAge } from '../../../cli/ages.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import { describeOff } from './describe-device.ts'
import type { DeviceState } from './device-state.ts'
import { colourOf, type Paint, worstFirst } from './fleet-words.ts'
import { silenceMs } from './liveness.ts'

/** This relay has not seen it: a device may say anything. */
const BY_DEVICES = 'states, times, versions and who is on a console are what the devices say'

/** @param width columns of the terminal */
export function describeFleet(states: readonly DeviceState[], nowMs: number, width: number, paint: Paint): string[] {
  const rows = worstFirst(states).map(state => rowOf(state, nowMs))
  const head = ['DEVICE', 'STATE', 'PROVED', 'RTT', 'SINCE', 'VERSION', 'UPLINK', 'CONSOLES']
  const widest = (column: number, max: number) =>
    Math.min(max, Math.max(...[head, ...rows.map(({ cells }) => cells)].map(cells => cells[column]?.length ?? 0)))
  const widths = [widest(0, Math.max(18, width - 62)), ...[1, 2, 3, 4, 5, 6].map(column => widest(column, 12))]
  const line = (cells: readonly string[]) => {
    const columns = widths.map((size, index) => fit(cells[index] ?? '', size).padEnd(size)).join(' ')
    return `${columns} ${cells[7] ?? ''}`.slice(0, width).trimEnd()
  }
  const proved = states.filter(({ word }) => isProvedReachable(word)).length
  return [
    paint.strong(line(head)),
    ...rows.map(({ cells, word }) => colourOf(word, paint)(line(cells))),
    `${rows.length} device${rows.length === 1 ? '' : 's'}, ${proved} proved`,
    ...worstFirst(states).flatMap(({ device, off, maintenance }) =>
      off ? `${device}: access is ${describeOff(maintenance)}` : [],
    ),
    ...(states.some(({ report }) => report) ? [BY_DEVICES] : []),
    ...unheard(states),
  ]
}

/** Why it is not known of connected devices whether they still speak: a line for each reason. */
export function unheard(states: readonly DeviceState[]): string[] {
  const reasons = states.flatMap(({ heard }) => (heard && 'unknown' in heard ? heard.unknown : []))
  return [...new Set(reasons)].map(reason => {
    const names = states.filter(({ heard }) => heard && 'unknown' in heard && heard.unknown === reason)
    const who = names.length === 1 ? names[0]?.device : `${names.length} devices`
    return `not known whether ${who} would be silent: ${reason}`
  })
}

function rowOf(state: DeviceState, nowMs: number) {
  const { device, word, report, provedAtMs, sinceMs, off } = state
  const cells = [
    device,
    off && word !== 'maintenance' ? `${clean(word, 7)},off` : clean(word, 12),
    shortAge(provedAtMs, nowMs),
    report === undefined || report.probeMs === null ? '-' : `${Math.round(report.probeMs)}ms`,
    shortAge(sinceMs, nowMs),
    clean(report?.software ?? '-', 10),
    clean(report?.uplink ?? '-', 10),
    off ? 'access off' : word === 'silent' ? describeSilence(state, nowMs) : describeConsoles(state),
  ]
  return { cells, word }
}

function describeSilence({ heard, pace, reportedAtMs }: DeviceState, nowMs: number): string {
  const ms = silenceMs(heard, pace)
  if (ms !== undefined) return `silent for ${Math.round(ms / 1000)} s`
  return reportedAtMs === undefined ? 'no report yet' : `no report for ${shortAge(reportedAtMs, nowMs)}`
}

/**
 * `sw2! sw1:alice*,bob`: `!` is a line that is closed, and comes first, so that a narrow terminal does not cut it off; `*` may
 * type. Who was on one before the device went is nobody now.
 */
function describeConsoles({ report, connected }: DeviceState): string {
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
