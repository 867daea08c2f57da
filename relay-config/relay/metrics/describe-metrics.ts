/** The fleet's states in Prometheus' text format, for its HTTP scrape and for node_exporter's textfile collector; pure. */
import { printable } from '../../../runtime/printable.ts'
import { DEVICE_METRICS, type Sample, type Told } from './device-metrics.ts'

export interface FleetMetrics {
  devices: readonly Told[]
  nowMs: number
  /** Of several relays that were asked, which have answered: what a missing one knows is missing here. */
  answered?: ReadonlyMap<string, boolean>
  /** What `oobm-relay events` has done, by sink; missing where it does not run. */
  sinks?: readonly SinkFigures[]
  /** When it last looked at the fleet, in milliseconds since 1970. */
  eventsAtMs?: number | undefined
}

export interface SinkFigures {
  name: string
  delivered: number
  dropped: number
  waiting: number
  /** Milliseconds since 1970 of the oldest event that waits. */
  oldestMs: number | undefined
}

const WRITTEN = 'oobm_relay_metrics_timestamp_seconds'

export function describeMetrics({
  devices,
  nowMs,
  answered = new Map(),
  sinks = [],
  eventsAtMs,
}: FleetMetrics): string {
  const ofDevices = DEVICE_METRICS.map(({ name, type, help, samples }) =>
    family(
      ...([name, type, help] as const),
      devices.flatMap(told =>
        samples(told).map(([labels, value]): Sample => [{ device: told.view.device, ...labels }, value]),
      ),
    ),
  )
  const ofSinks = (name: string, type: string, help: string, valuesOf: (sink: SinkFigures) => number[]) =>
    sinks.length === 0
      ? ''
      : family(
          name,
          type,
          help,
          sinks.flatMap(sink => valuesOf(sink).map((value): Sample => [{ sink: sink.name }, value])),
        )
  return [
    ...ofDevices,
    answered.size === 0
      ? ''
      : family(
          'oobm_relay_answered',
          'gauge',
          'Whether this relay could be asked.',
          [...answered].map(([relay, is]) => [{ relay }, is ? 1 : 0]),
        ),
    ofSinks('oobm_events_delivered_total', 'counter', 'Events that this sink took.', one => [one.delivered]),
    ofSinks('oobm_events_dropped_total', 'counter', 'Events that this sink never got.', one => [one.dropped]),
    ofSinks('oobm_events_waiting', 'gauge', 'Events that wait for this sink.', one => [one.waiting]),
    ofSinks('oobm_events_oldest_timestamp_seconds', 'gauge', 'When the oldest event that waits happened.', one =>
      one.oldestMs === undefined ? [] : [Math.round(one.oldestMs / 1000)],
    ),
    eventsAtMs === undefined
      ? ''
      : family('oobm_events_timestamp_seconds', 'gauge', 'When oobm-relay events last looked at the fleet.', [
          [{}, Math.round(eventsAtMs / 1000)],
        ]),
    family(WRITTEN, 'gauge', 'When these figures were taken.', [[{}, Math.round(nowMs / 1000)]]),
  ].join('')
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  // A device may name one console twice. With two samples of the same labels, Prometheus rejects the whole text.
  const lines = new Map(
    samples.map(([labels, value]) => {
      const series = `${name}${labelText(labels)}`
      return [series, `${series} ${value}\n`]
    }),
  )
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${[...lines.values()].join('')}`
}

/** Escapes backslash and quote, as the text format demands; printable() removes newlines and colours that a device sent. */
function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${printable(value, 60).replace(/[\\"]/g, '\\$&')}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
