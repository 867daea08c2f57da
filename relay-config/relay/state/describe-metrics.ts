/** The fleet's states in Prometheus' text format, for node_exporter's textfile collector; pure. */
import { printable } from '../../../runtime/printable.ts'
import type { DeviceView } from './device-view.ts'

type Sample = [labels: Record<string, string>, value: number]

interface Metric {
  name: string
  help: string
  samples(view: DeviceView): Sample[]
}

const seconds = (ms: number | null | undefined): number[] =>
  ms === null || ms === undefined ? [] : [Math.round(ms * 1000) / 1e6]

/** Times, not ages: a textfile is read later than it was written. */
const METRICS: Metric[] = [
  {
    name: 'oobm_device_connected',
    help: 'Whether the device has a living session on this relay.',
    samples: ({ connected }) => [[{}, connected ? 1 : 0]],
  },
  {
    name: 'oobm_device_relay',
    help: 'The relay to which the device is connected, where several were asked; the value is 1.',
    samples: ({ relay }) => (typeof relay === 'string' ? [[{ relay }, 1]] : []),
  },
  {
    name: 'oobm_device_silent_seconds',
    help: 'Seconds since this relay received a byte from a connected device; missing if ss of iproute2 does not show it.',
    samples: ({ heard }) => (heard && 'silentMs' in heard ? seconds(heard.silentMs).map(value => [{}, value]) : []),
  },
  {
    name: 'oobm_device_state',
    help: 'The state of the device as it reports it, or away, silent or never as this relay sees it; the value is 1.',
    samples: ({ state }) => [[{ state }, 1]],
  },
  {
    name: 'oobm_device_maintenance_off',
    help: 'Whether the operator has switched access to the device off.',
    samples: ({ off }) => [[{}, off ? 1 : 0]],
  },
  {
    name: 'oobm_device_proved_timestamp_seconds',
    help: 'When the way into the device was last proved.',
    samples: ({ provedAtMs }) => seconds(provedAtMs).map(value => [{}, Math.round(value)]),
  },
  {
    name: 'oobm_device_report_timestamp_seconds',
    help: 'When this relay received the last report of the device.',
    samples: ({ reportedAtMs }) => seconds(reportedAtMs).map(value => [{}, Math.round(value)]),
  },
  {
    name: 'oobm_device_probe_seconds',
    help: 'Round trip of the last in-band probe.',
    samples: ({ report }) => seconds(report?.probeMs).map(value => [{}, value]),
  },
  {
    name: 'oobm_device_sessions',
    help: 'People who are logged in to the device, by shell and console.',
    samples: ({ report, connected }) =>
      connected && report
        ? [
            [{ kind: 'shell' }, report.sessions.shell],
            [{ kind: 'console' }, report.sessions.console],
          ]
        : [],
  },
  {
    name: 'oobm_console_open',
    help: 'Whether the line of a console is open; missing while the device is not connected or silent.',
    samples: ({ report, connected, state }) =>
      connected && state !== 'silent'
        ? (report?.consoles ?? []).map(({ name, open }) => [{ console: name }, open ? 1 : 0])
        : [],
  },
  {
    name: 'oobm_device_way',
    help: 'The way of the tunnel of the last report: direct, tls, or proxy; the value is 1.',
    samples: ({ report, connected }) => (connected && report?.way ? [[{ way: report.way }, 1]] : []),
  },
  {
    name: 'oobm_uplink_carries',
    help: 'Whether the tunnel goes by this uplink of the device, where it has several.',
    samples: ({ report, connected }) =>
      connected
        ? (report?.uplinks ?? []).map(({ name, kind, carries }) => [{ uplink: name, kind }, carries ? 1 : 0])
        : [],
  },
  {
    name: 'oobm_uplink_proved_timestamp_seconds',
    help: 'When a login into the device by this uplink last came through.',
    samples: ({ report, reportedAtMs }) =>
      (report?.uplinks ?? []).flatMap(({ name, provedS }) =>
        reportedAtMs === undefined || provedS === null
          ? []
          : [[{ uplink: name }, Math.max(0, Math.round(reportedAtMs / 1000 - provedS))]],
      ),
  },
  {
    name: 'oobm_uplink_day_bytes',
    help: 'Bytes of a metered uplink in the last 24 hours, or since the start of the device.',
    samples: ({ report }) =>
      (report?.uplinks ?? []).flatMap(({ name, dayBytes }) =>
        dayBytes === null ? [] : [[{ uplink: name }, dayBytes]],
      ),
  },
  {
    name: 'oobm_device_info',
    help: 'Software version and uplink of the last report; the value is 1.',
    samples: ({ report }) => (report ? [[{ version: report.software, uplink: report.uplink ?? '' }, 1]] : []),
  },
]

/** @param answered of several relays that were asked, which have answered: what a missing one knows is missing here */
export function describeMetrics(
  views: readonly DeviceView[],
  nowMs: number,
  answered: ReadonlyMap<string, boolean> = new Map(),
): string {
  const metrics = METRICS.map(({ name, help, samples }) => {
    // A device may name one console twice. With two samples of the same labels, Prometheus rejects the whole file.
    const lines = new Map(
      views.flatMap(view =>
        samples(view).map(([labels, value]) => {
          const series = `${name}${labelText({ device: view.device, ...labels })}`
          return [series, `${series} ${value}\n`]
        }),
      ),
    )
    return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${[...lines.values()].join('')}`
  })
  const written = 'oobm_relay_metrics_timestamp_seconds'
  const age = `# HELP ${written} When these figures were taken.\n# TYPE ${written} gauge\n${written} ${Math.round(nowMs / 1000)}\n`
  const relays = [...answered].map(([relay, is]) => `oobm_relay_answered${labelText({ relay })} ${is ? 1 : 0}\n`)
  const about = '# HELP oobm_relay_answered Whether this relay could be asked.\n# TYPE oobm_relay_answered gauge\n'
  return `${metrics.join('')}${relays.length > 0 ? about : ''}${relays.join('')}${age}`
}

/** Escapes backslash and quote, as the text format demands; printable() removes newlines and colours that a device sent. */
function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${printable(value, 60).replace(/[\\"]/g, '\\$&')}"`
  })
  return `{${pairs.join(',')}}`
}
