/** `oobm-relay metrics`: the fleet for Prometheus, which asks for it, or by node_exporter's textfile collector. */
import { usageError } from '../../../cli/command.ts'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { figuresOf, readEventsState } from '../../relay/events/events-state.ts'
import { describeMetrics } from '../../relay/metrics/describe-metrics.ts'
import { listedConsolesOf, type Told } from '../../relay/metrics/device-metrics.ts'
import { parseListen, serveMetrics } from '../../relay/metrics/serve-metrics.ts'
import { unheard } from '../../relay/state/describe-fleet.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { readToldCounts, type ToldCounts } from '../../relay/state/told-counts.ts'
import { type BareInput, defineCommand } from '../command.ts'
import { FleetReader } from '../fleet-file.ts'
import { askViews } from '../fleet-wide/ask-views.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { readFleet, viewsCall } from './status.ts'

export const metrics = defineCommand({
  summary: 'print the state of the devices for Prometheus, or answer its scrapes',
  details: [
    'Without an option: in the text format, for node_exporter’s textfile collector.',
    'The package has alert rules and a dashboard: docs/monitoring.md.',
  ],
  options: {
    out: { value: 'FILE', help: 'replace FILE as a whole, such as .../textfile_collector/oobm.prom' },
    listen: {
      value: '[ADDRESS:]PORT',
      help: 'answer HTTP at /metrics until ended, on 127.0.0.1 or another loopback address of this host, the relay',
    },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['metrics --listen 9822', 'metrics --out /var/lib/prometheus/node-exporter/oobm.prom'],
  exitCodes: { 69: 'The relay cannot be asked; or the port of --listen is taken.' },
  atRelay: {
    onlyThere: ({ out, listen }) => {
      if (out !== undefined) return '--out names a file on the relay: run the command there, or redirect its output'
      if (listen === undefined) return undefined
      return '--listen is for the relay itself: run it there, on each; Prometheus puts them together'
    },
    merge: async (input, relays, fleetText) => {
      const { answers, code } = await askViews(relays, viewsCall({ ...input, positionals: [] }, fleetText))
      const views = mergeViews(answers.map(({ relay, answer }) => ({ relay: relay.name, views: answer })))
      const answered = new Map(relays.map(relay => [relay.name, answers.some(one => one.relay === relay)]))
      const devices = told(input.fleet, views)
      input.print(describeMetrics({ devices, nowMs: Date.now(), answered }).trimEnd())
      return code
    },
  },
  run: async input => {
    const { values, print, signal } = input
    const tell = (text: string) => process.stderr.write(`oobm-relay metrics: ${text}\n`)
    const { out, listen } = values
    const reader = new FleetReader(input.files.fleet)
    if (listen !== undefined) {
      if (out !== undefined) usageError('--listen and --out exclude each other')
      const { host, port } = parseListen(listen)
      // A fleet file that cannot be used is said now, and not at the first scrape.
      await look(input, reader, signal)
      await serveMetrics({ host, port }, async signal => (await look(input, reader, signal)).text, signal, {
        onListening: port => print(`listening on http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`),
        tell,
      })
      return EXIT.ok
    }
    const { text, unknown } = await look(input, reader, signal)
    for (const line of unknown) tell(line)
    if (out === undefined) {
      print(text.trimEnd())
      return EXIT.ok
    }
    try {
      await writeAtomically(out, text, 0o644)
    } catch (err) {
      throw new UserError(`${out} cannot be written: ${errorMessage(err)}`, EXIT.failed, { cause: err })
    }
    return EXIT.ok
  },
})

async function look(
  input: BareInput,
  reader: FleetReader,
  signal: AbortSignal,
): Promise<{ text: string; unknown: string[] }> {
  const fleet = await reader.read()
  const nowMs = Date.now()
  const paths = statePathsOf(input.values)
  const views = await readFleet({ ...input, fleet, positionals: [], signal }, nowMs)
  const counts = await Promise.all(
    views.map(async ({ device }) => [device, await readToldCounts(paths, device)] as const),
  )
  const devices = told(fleet, views, new Map(counts))
  // One that is damaged is for `events` to say: the figures of devices come all the same.
  const events = await readEventsState(paths.events).catch(() => undefined)
  const sinks = events === undefined ? [] : figuresOf(events)
  return { text: describeMetrics({ devices, nowMs, sinks, eventsAtMs: events?.lookedAtMs }), unknown: unheard(views) }
}

function told(fleet: Fleet, views: readonly DeviceView[], counts?: ReadonlyMap<string, ToldCounts>): Told[] {
  const consoles = listedConsolesOf(fleet.devices)
  return views.map(view => ({
    view,
    consoles: consoles.get(view.device) ?? new Set(),
    counts: counts?.get(view.device),
  }))
}
