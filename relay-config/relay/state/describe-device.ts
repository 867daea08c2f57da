/** One device's state in depth, as lines for a terminal; pure. Texts of devices are cleaned of what a terminal obeys. */

import type { Paint } from '../../../cli/paint.ts'
import { shortAge } from '../../../cli/times.ts'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { RUNG_NAMES } from '../../../formats/ways-out.ts'
import { printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import type { DeviceView } from './device-view.ts'
import { colourOf, meaningOf } from './fleet-states.ts'
import { isReportOverdue, silenceMs } from './liveness.ts'
import type { Maintenance } from './maintenance.ts'

/** With its latest changes and their causes. */
export function describeDevice(view: DeviceView, nowMs: number, paint: Paint): string[] {
  const { device, state, connected, report, reportedAtMs, maintenance, off } = view
  const age = (thenMs: number | undefined) => (thenMs === undefined ? 'never' : `${shortAge(thenMs, nowMs)} ago`)
  const place = placeOf(view)
  const lines = [
    `${paint.strong(device)}  ${colourOf(state, paint)(clean(state, 20))}  proved ${age(view.provedAtMs)}${provedBy(report)}`,
    row('means', meaningOf(state, place) ?? 'a state of a newer version: upgrade oobm-relay'),
    row('here', connected ? `connected to ${place}` : `not connected to ${place}; the rest is its last report`),
    ...describeElsewhere(view).map(text => row('', text)),
    ...describeHeard(view),
    row('access', off ? describeOff(maintenance) : describeOn(maintenance)),
  ]
  if (!report || reportedAtMs === undefined) return [...lines, row('report', 'none yet')]
  const reported = reportedAtMs
  return [
    ...lines,
    // The relay has not seen this itself: who is in, and what went wrong, is what the device says.
    paint.strong(`the device reported ${age(reported)}${connected ? due(view, nowMs) : ''}`),
    row('cause', clean(report.cause, 400)),
    row('since', age(reported - report.sinceS * 1000)),
    row(
      'round trip',
      [report.probeMs, report.tookMs].map(ms => (ms === null ? '-' : `${Math.round(ms)} ms`)).join(', proof '),
    ),
    row('version', clean(report.software, 40)),
    ...describeUplinks(report, reported, nowMs),
    ...(report.way === undefined || report.way === 'direct' ? [] : [row('way', `by ${RUNG_NAMES[report.way]}`)]),
    ...(report.portals ?? []).map(({ uplink, page, agoS }) => {
      const where = uplink === null ? '' : ` of ${clean(uplink, 40)}`
      return row('portal', `a captive portal${where}: ${clean(page, 160)}, answered ${age(reported - agoS * 1000)}`)
    }),
    row('sessions', `${report.sessions.shell} in the shell, ${report.sessions.console} on consoles`),
    ...(report.consoles === null ? [row('consoles', 'the console bridge does not answer')] : []),
    ...(report.consoles ?? []).flatMap(({ name, open, cause, who, outputS }) => [
      row(
        'console',
        `${clean(name, 40)} ${open ? 'open' : `closed: ${clean(cause)}`}${describeOutput(outputS, age, reported)}`,
      ),
      ...who.map(one =>
        row(
          '',
          `${clean(one.technician, 40)} ${one.types ? 'types' : 'watches'}, since ${age(reported - one.forS * 1000)}`,
        ),
      ),
    ]),
    ...(report.changes.length > 0 ? [paint.strong('its latest changes, as the device reported them')] : []),
    ...report.changes.map(change => {
      return `  ${paint.faint(timeText(reported - change.agoS * 1000))}  ${clean(change.state, 12).padEnd(12)}  ${clean(change.cause, 400)}`
    }),
  ]
}

/** @param reportedMs when the relay received the report: the target may have said more since */
function describeOutput(outputS: number | null | undefined, age: (ms: number) => string, reportedMs: number): string {
  if (outputS === undefined) return ''
  return outputS === null
    ? ', no output since the console bridge started'
    : `, last output ${age(reportedMs - outputS * 1000)}`
}

function placeOf({ relay }: DeviceView): string {
  if (relay === undefined) return 'this relay'
  return relay === null ? 'a relay' : `relay ${relay}`
}

/** The one that carries the tunnel; where there is a choice, each of them. */
function describeUplinks({ uplink, uplinks, signalDbm }: DeviceReport, reportedMs: number, nowMs: number): string[] {
  const signal = signalDbm === undefined ? '' : `Wi-Fi signal ${signalDbm} dBm`
  if (!uplinks || uplinks.length === 0) {
    return [row('uplink', [clean(uplink ?? 'unknown', 40), signal].filter(text => text !== '').join(', '))]
  }
  return uplinks.map(({ name, kind, metered, carries, provedS, dayBytes, why }, at) => {
    const what = [
      `${clean(name, 40)} (${clean(kind, 20)}${metered ? ', metered' : ''})`,
      provedS === null ? 'not proved' : `proved ${shortAge(reportedMs - provedS * 1000, nowMs)} ago`,
      ...(dayBytes === null ? [] : [`${(dayBytes / 1e6).toFixed(2)} MB in 24 hours`]),
      carries ? 'carries the tunnel' : clean(why),
      carries ? signal : '',
    ]
    return row(at === 0 ? 'uplinks' : '', what.filter(text => text !== '').join(', '))
  })
}

/** What other relays have of a device that is at one: an older connection, or another answer to whether access is on. */
export function describeElsewhere({ elsewhere = [], offAt = [] }: DeviceView): string[] {
  return [
    ...elsewhere.map(({ relay, state }) => `relay ${relay} still has an older connection of it (${clean(state, 20)})`),
    ...(offAt.length > 0 ? [`access is off at ${offAt.join(', ')} only`] : []),
  ]
}

function provedBy(report: DeviceView['report']): string {
  if (report?.proofBy === 'login') return ', by a login through the tunnel'
  return report?.proofBy === 'self-test' ? ', by a second connection' : ''
}

/** When the relay last received a byte from it, if that is known. */
function describeHeard({ heard, pace }: DeviceView): string[] {
  if (heard === undefined) return []
  if ('unknown' in heard) return [row('heard', `unknown when: ${clean(heard.unknown)}`)]
  const seconds = Math.round(heard.silentMs / 1000)
  const pings = `pings every ${pace.pingMs / 1000} s`
  return [
    row(
      'heard',
      silenceMs(heard, pace) === undefined ? `${seconds} s ago; ${pings}` : `silent for ${seconds} s; ${pings}`,
    ),
  ]
}

function due({ reportedAtMs, pace }: DeviceView, nowMs: number): string {
  return isReportOverdue(reportedAtMs, nowMs, pace) ? `, overdue: it reports every ${pace.reportMs / 1000} s` : ''
}

function describeOn(maintenance: Maintenance | undefined): string {
  if (!maintenance) return 'on'
  const { state, until, at, by } = maintenance
  if (state === 'on') return `on since ${timeText(at * 1000)}, switched by ${clean(by, 40)}`
  return `on since ${timeText((until ?? at) * 1000)}, the end of off; switched by ${clean(by, 40)}`
}

/** Who switched access to a device off, until when and why; oobm-technician-command says the same. */
export function describeOff(maintenance: Maintenance | undefined): string {
  if (!maintenance) return 'off'
  const { until, at, by, reason } = maintenance
  const end = until === null ? 'until it is switched on' : `until ${timeText(until * 1000)}`
  const why = reason ? `: ${clean(reason)}` : ''
  return `off since ${timeText(at * 1000)}, switched off by ${clean(by, 40)}, ${end}${why}`
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(11)}  ${text}`
}

const clean = (text: string, max = 200) => printable(text, max)
