/** What is told of each device to Prometheus: the table of all metrics of a device, its consoles and its uplinks; pure. */
import { isProvedReachable, STATE_NAMES } from '../../../formats/states.ts'
import { interfaceNameSchema, UPLINK_KINDS } from '../../../formats/uplink-settings.ts'
import type { Device } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../state/device-view.ts'
import { isOutOfSight, OWN_STATES } from '../state/state-order.ts'

export type Sample = [labels: Record<string, string>, value: number]

/** One device, and what the fleet file says of it: a device may report names as it likes, and each would be a series for ever. */
export interface Told {
  view: DeviceView
  consoles: ReadonlySet<string>
  /** What it has told this relay, ever; undefined where that is not known. */
  counts: { alerts: number; events: number } | undefined
}

export interface Metric {
  name: string
  type: 'gauge' | 'counter'
  help: string
  samples(told: Told): Sample[]
}

const STATES: readonly string[] = [...Object.keys(OWN_STATES), ...STATE_NAMES]

const seconds = (ms: number | null | undefined): number[] =>
  ms === null || ms === undefined ? [] : [Math.round(ms * 1000) / 1e6]

const bit = (is: boolean) => (is ? 1 : 0)

/** The last report, while it says how things are: of a device that is away or silent it says how they were. */
const fresh = ({ connected, state, report }: DeviceView) => (connected && !isOutOfSight(state) ? report : undefined)

const uplinkName = (name: string) => (interfaceNameSchema.safeParse(name).success ? name : 'other')
const oneOf = (known: readonly string[], name: string) => (known.includes(name) ? name : 'other')

/** Times, not ages: a textfile is read later than it was written. */
export const DEVICE_METRICS: readonly Metric[] = [
  gauge('oobm_device_connected', 'Whether the device has a living session on this relay.', ({ view }) => [
    [{}, bit(view.connected)],
  ]),
  gauge(
    'oobm_device_proved',
    'Whether a technician can get in: connected, not silent, and in a state that is proved.',
    ({ view }) => [[{}, bit(view.connected && isProvedReachable(view.state))]],
  ),
  gauge(
    'oobm_device_state',
    'The state of the device as it reports it, or away, silent or never as this relay sees it; the value is 1.',
    ({ view }) => [[{ state: oneOf(STATES, view.state) }, 1]],
  ),
  gauge('oobm_device_state_since_timestamp_seconds', 'Since when the device is in that state.', ({ view }) =>
    seconds(view.sinceMs).map(value => [{}, Math.round(value)]),
  ),
  gauge(
    'oobm_device_relay',
    'The relay to which the device is connected, where several were asked; the value is 1.',
    ({ view: { relay } }) => (typeof relay === 'string' ? [[{ relay }, 1]] : []),
  ),
  gauge(
    'oobm_device_silent_seconds',
    'Seconds since this relay received a byte from a connected device; missing if ss of iproute2 does not show it.',
    ({ view: { heard } }) => (heard && 'silentMs' in heard ? seconds(heard.silentMs).map(value => [{}, value]) : []),
  ),
  gauge('oobm_device_maintenance_off', 'Whether the operator has switched access to the device off.', ({ view }) => [
    [{}, bit(view.off)],
  ]),
  gauge('oobm_device_proved_timestamp_seconds', 'When the way into the device was last proved.', ({ view }) =>
    seconds(view.provedAtMs).map(value => [{}, Math.round(value)]),
  ),
  gauge('oobm_device_report_timestamp_seconds', 'When this relay received the last report of the device.', ({ view }) =>
    seconds(view.reportedAtMs).map(value => [{}, Math.round(value)]),
  ),
  gauge('oobm_device_probe_seconds', 'Round trip of the last in-band probe.', ({ view }) =>
    seconds(fresh(view)?.probeMs).map(value => [{}, value]),
  ),
  gauge('oobm_device_sessions', 'People who are logged in to the device, by shell and console.', ({ view }) => {
    const { sessions } = fresh(view) ?? {}
    if (sessions === undefined) return []
    return [
      [{ kind: 'shell' }, sessions.shell],
      [{ kind: 'console' }, sessions.console],
    ]
  }),
  gauge(
    'oobm_device_bridge_answers',
    'Whether the console bridge of the device answers its supervisor.',
    ({ view }) => {
      const report = fresh(view)
      return report === undefined ? [] : [[{}, bit(report.consoles !== null)]]
    },
  ),
  gauge('oobm_device_portals', 'Captive portals that are in the way of the device.', ({ view }) => {
    const report = fresh(view)
    return report === undefined ? [] : [[{}, report.portals?.length ?? 0]]
  }),
  gauge('oobm_device_way', 'The way of the tunnel: direct, tls, or proxy; the value is 1.', ({ view }) => {
    const way = fresh(view)?.way
    return way === undefined ? [] : [[{ way }, 1]]
  }),
  gauge(
    'oobm_device_info',
    'Software version and uplink of the last report; the value is 1.',
    ({ view: { report } }) =>
      report ? [[{ version: report.software, uplink: uplinkName(report.uplink ?? 'none') }, 1]] : [],
  ),
  {
    ...gauge(
      'oobm_device_alerts_total',
      'Alerts that the device told this relay, ever: what its targets said.',
      told => (told.counts === undefined ? [] : [[{}, told.counts.alerts]]),
    ),
    type: 'counter',
  },
  {
    ...gauge(
      'oobm_device_events_total',
      'What people did, and else happened, that the device told this relay, ever.',
      told => (told.counts === undefined ? [] : [[{}, told.counts.events]]),
    ),
    type: 'counter',
  },
  gauge(
    'oobm_console_open',
    'Whether the line of a console is open; missing while the device is not connected or silent.',
    told => listedConsoles(told).map(({ name, open }) => [{ console: name }, bit(open)]),
  ),
  gauge('oobm_console_sessions', 'People who are on a console.', told =>
    listedConsoles(told).map(({ name, who }) => [{ console: name }, who.length]),
  ),
  gauge(
    'oobm_console_last_output_timestamp_seconds',
    'When a console last said something, as of the last report.',
    told =>
      listedConsoles(told).flatMap(({ name, outputS }) =>
        told.view.reportedAtMs === undefined || outputS === undefined || outputS === null
          ? []
          : [[{ console: name }, Math.round(told.view.reportedAtMs / 1000 - outputS)]],
      ),
  ),
  gauge('oobm_device_other_consoles', 'Consoles that the device reports and the fleet file does not have.', told => {
    const consoles = fresh(told.view)?.consoles
    return consoles ? [[{}, consoles.filter(({ name }) => !told.consoles.has(name)).length]] : []
  }),
  gauge(
    'oobm_uplink_carries',
    'Whether the tunnel goes by this uplink of the device, where it has several.',
    ({ view }) =>
      uplinksOf(fresh(view)).map(({ name, kind, carries, metered }) => [
        { uplink: uplinkName(name), kind: oneOf(UPLINK_KINDS, kind), metered: metered ? 'yes' : 'no' },
        bit(carries),
      ]),
  ),
  gauge(
    'oobm_device_wifi_signal_dbm',
    'How strongly the device hears the Wi-Fi that carries its tunnel, as of the last report.',
    ({ view }) => {
      const signalDbm = fresh(view)?.signalDbm
      return signalDbm === undefined ? [] : [[{}, signalDbm]]
    },
  ),
  gauge(
    'oobm_uplink_proved_timestamp_seconds',
    'When a login into the device by this uplink last came through.',
    ({ view: { report, reportedAtMs } }) =>
      uplinksOf(report).flatMap(({ name, provedS }) =>
        reportedAtMs === undefined || provedS === null
          ? []
          : [[{ uplink: uplinkName(name) }, Math.max(0, Math.round(reportedAtMs / 1000 - provedS))]],
      ),
  ),
  gauge(
    'oobm_uplink_day_bytes',
    'Bytes of a metered uplink in the last 24 hours, or since the start of the device.',
    ({ view }) =>
      uplinksOf(fresh(view)).flatMap(({ name, dayBytes }) =>
        dayBytes === null ? [] : [[{ uplink: uplinkName(name) }, dayBytes]],
      ),
  ),
]

function gauge(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, type: 'gauge', help, samples }
}

function listedConsoles({ view, consoles }: Told) {
  return (fresh(view)?.consoles ?? []).filter(({ name }) => consoles.has(name))
}

function uplinksOf(report: DeviceView['report']) {
  return report?.uplinks ?? []
}

/** @returns by the names of devices, what the metrics need of the fleet file */
export function listedConsolesOf(devices: readonly Pick<Device, 'name' | 'consoles'>[]): Map<string, Set<string>> {
  return new Map(devices.map(({ name, consoles }) => [name, new Set(consoles.map(console => console.name))]))
}
