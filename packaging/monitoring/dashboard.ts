/** The dashboard of the fleet for Grafana, which reads Prometheus; pure. Each panel is one entry in a table. */

/** A PromQL expression, and what a line of its result is called. */
interface Query {
  expr: string
  legend?: string
}

interface Panel {
  title: string
  about: string
  type: 'stat' | 'timeseries' | 'table'
  /** Of 24 columns. */
  width: number
  height: number
  unit: string
  queries: readonly Query[]
  /** Where a value becomes bad. */
  badFrom?: number
}

const D = 'device=~"$device"'
const PROVED_AT = `max by (device) (oobm_device_proved_timestamp_seconds{${D}})`
const LOST = `(max by (device) (oobm_device_proved{${D}}) == 0) and on (device) ${PROVED_AT} unless on (device) (min by (device) (oobm_device_maintenance_off{${D}}) == 1)`

const stat = (title: string, about: string, expr: string, badFrom?: number): Panel => ({
  ...{ title, about, type: 'stat', width: 4, height: 4, unit: 'none', queries: [{ expr }] },
  ...(badFrom !== undefined && { badFrom }),
})
const graph = (title: string, about: string, unit: string, ...queries: Query[]): Panel => ({
  ...{ title, about, type: 'timeseries', width: 12, height: 8, unit, queries },
})
const table = (title: string, about: string, unit: string, width: number, ...queries: Query[]): Panel => ({
  ...{ title, about, type: 'table', width, height: 10, unit, queries },
})

/** A device of several relays counts as what the relay says at which it is. */
const PANELS: readonly Panel[] = [
  stat(
    'Proved',
    'Devices into which a technician can get',
    `count(max by (device) (oobm_device_proved{${D}}) == 1) or vector(0)`,
  ),
  stat(
    'Lost',
    'Devices that were proved once, and are not now; without those whose access is off',
    `count(${LOST}) or vector(0)`,
    1,
  ),
  stat(
    'Access off',
    'Switched off by the operator',
    `count(min by (device) (oobm_device_maintenance_off{${D}}) == 1) or vector(0)`,
  ),
  stat(
    'Consoles closed',
    'Lines that are not open, at devices that can be reached',
    `count(max by (device, console) (oobm_console_open{${D}}) == 0) or vector(0)`,
    1,
  ),
  stat(
    'People on consoles',
    'At all devices',
    `sum(max by (device, console) (oobm_console_sessions{${D}})) or vector(0)`,
  ),
  {
    ...stat(
      'Age of the figures',
      'Of the relay whose figures are oldest: all that is here may be that old',
      'time() - min(last_over_time(oobm_relay_metrics_timestamp_seconds[1d]))',
      300,
    ),
    unit: 's',
  },
  table(
    'Devices: state, age of the proof, in this state since',
    'Seconds. A device that is away or silent shows how old its last proof is',
    's',
    24,
    { expr: `max by (device, state) (oobm_device_state{${D},state!="never"})`, legend: 'here' },
    { expr: `time() - ${PROVED_AT}`, legend: 'proof' },
    { expr: `time() - max by (device) (oobm_device_state_since_timestamp_seconds{${D}})`, legend: 'since' },
  ),
  graph(
    'Proved and lost',
    'Devices',
    'none',
    { expr: `sum(max by (device) (oobm_device_proved{${D}}))`, legend: 'proved' },
    { expr: `count(${LOST}) or vector(0)`, legend: 'lost' },
  ),
  graph('Round trip', 'Of the last probe, through the relay and back', 's', {
    expr: `max by (device) (oobm_device_probe_seconds{${D}})`,
    legend: '{{device}}',
  }),
  graph('Devices by state', '', 'none', {
    expr: `count by (state) (max by (device, state) (oobm_device_state{${D}}))`,
    legend: '{{state}}',
  }),
  graph('Uplinks that carry a tunnel, by kind', 'Of devices with several uplinks', 'none', {
    expr: `sum by (kind) (max by (device, uplink, kind) (oobm_uplink_carries{${D}}))`,
    legend: '{{kind}}',
  }),
  graph('People', 'Logged in to devices', 'none', {
    expr: `sum by (kind) (max by (device, kind) (oobm_device_sessions{${D}}))`,
    legend: '{{kind}}',
  }),
  graph('Metered uplinks', 'Bytes in the last 24 hours', 'bytes', {
    expr: `max by (device, uplink) (oobm_uplink_day_bytes{${D}})`,
    legend: '{{device}} {{uplink}}',
  }),
  graph('What targets said', 'Alerts by the hour', 'none', {
    expr: `sum by (device) (increase(oobm_device_alerts_total{${D}}[1h])) > 0`,
    legend: '{{device}}',
  }),
  graph('Events that wait', 'For each sink of oobm-relay events', 'none', {
    expr: 'sum by (sink) (oobm_events_waiting)',
    legend: '{{sink}}',
  }),
  table('Consoles that are closed', '', 'none', 12, {
    expr: `max by (device, console) (oobm_console_open{${D}}) == 0`,
  }),
  table('Uplinks: age of the last proof', 'Seconds', 's', 12, {
    expr: `time() - max by (device, uplink) (oobm_uplink_proved_timestamp_seconds{${D}})`,
  }),
]

const SOURCE = { type: 'prometheus', uid: `\${source}` }

/** The JSON that Grafana imports. */
export function dashboardJson(): string {
  let [x, y] = [0, 0]
  let rowHeight = 0
  const panels = PANELS.map((panel, index) => {
    if (x + panel.width > 24) [x, y, rowHeight] = [0, y + rowHeight, 0]
    const gridPos = { h: panel.height, w: panel.width, x, y }
    x += panel.width
    rowHeight = Math.max(rowHeight, panel.height)
    return { id: index + 1, gridPos, ...panelJson(panel) }
  })
  const board = {
    title: 'Out-of-band consoles',
    uid: 'oobm-fleet',
    tags: ['oobm'],
    schemaVersion: 38,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: VARIABLES },
    panels,
  }
  return `${JSON.stringify(board, null, 2)}\n`
}

const VARIABLES = [
  { name: 'source', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
  {
    ...{ name: 'device', label: 'Device', type: 'query', datasource: SOURCE, refresh: 2, sort: 1 },
    ...{ query: 'label_values(oobm_device_connected, device)', multi: true, includeAll: true, allValue: '.*' },
    current: { text: 'All', value: '$__all' },
  },
]

function panelJson({ title, about, type, unit, queries, badFrom }: Panel) {
  const steps = [{ color: 'green', value: null }, ...(badFrom === undefined ? [] : [{ color: 'red', value: badFrom }])]
  return {
    ...{ title, type, datasource: SOURCE },
    ...(about !== '' && { description: about }),
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    targets: queries.map(({ expr, legend }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource: SOURCE, expr },
      ...(legend !== undefined && { legendFormat: legend }),
      ...(type === 'timeseries' ? { range: true } : { instant: true }),
      ...(type === 'table' && { format: 'table' }),
    })),
    ...(type === 'table' && {
      transformations: [
        ...(queries.length > 1 ? [{ id: 'joinByField', options: { byField: 'device', mode: 'outer' } }] : []),
        { id: 'filterFieldsByName', options: { exclude: { pattern: '^Time.*' } } },
      ],
    }),
  }
}
