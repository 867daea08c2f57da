import * as assert from 'uvu/assert'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { suite } from '../../../testbed/suite.ts'
import type { DeviceView } from '../state/device-view.ts'
import { describeMetrics, type FleetMetrics } from './describe-metrics.ts'
import { DEVICE_METRICS } from './device-metrics.ts'
import { parseListen } from './serve-metrics.ts'

const test = suite('metrics')
const NOW_MS = 1_800_000_000_000
const CONSOLES = ['core-sw1', 'core-sw2']

const REPORT: DeviceReport = {
  ...{ v: 1, state: 'ready', cause: 'proved', sinceS: 7_200, proofS: 40, tookMs: 320, probeMs: 45.4 },
  ...{
    sessions: { shell: 0, console: 2 },
    software: '0.1.0',
    uplink: 'wwan0',
    signalDbm: -61,
    way: 'tls',
    changes: [],
  },
  consoles: [
    { name: 'core-sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 60 }] },
    { name: 'core-sw2', open: false, cause: 'no /dev/ttyUSB1', who: [] },
    { name: 'spare', open: true, cause: '', who: [] },
  ],
  uplinks: [
    { name: 'eth0', kind: 'cable', metered: false, carries: false, provedS: 3_000, dayBytes: null, why: 'silent' },
    { name: 'wwan0', kind: 'modem', metered: true, carries: true, provedS: 20, dayBytes: 1_240_000, why: '' },
  ],
}

function viewOf(device: string, state: string, more: Partial<DeviceView> = {}): DeviceView {
  const times = { reportedAtMs: NOW_MS - 5_000, provedAtMs: NOW_MS - 45_000, sinceMs: NOW_MS - 7_205_000 }
  return {
    ...{ device, state, connected: true, heard: { silentMs: 3_000 }, pace: { pingMs: 15_000, reportMs: 300_000 } },
    ...{ report: { ...REPORT, state }, maintenance: undefined, off: false, ...times, ...more },
  }
}

function metricsOf(views: readonly DeviceView[], more: Partial<FleetMetrics> = {}): string {
  const devices = views.map(view => ({ view, consoles: new Set(CONSOLES), counts: { alerts: 3, events: 9 } }))
  return describeMetrics({ devices, nowMs: NOW_MS, ...more })
}

test('has what the relay knows of a device, its consoles and its uplinks', () => {
  const text = metricsOf([viewOf('tokyo', 'ready')])
  for (const line of [
    'oobm_device_connected{device="tokyo"} 1',
    'oobm_device_proved{device="tokyo"} 1',
    'oobm_device_state{device="tokyo",state="ready"} 1',
    'oobm_device_state_since_timestamp_seconds{device="tokyo"} 1799992795',
    'oobm_device_silent_seconds{device="tokyo"} 3',
    'oobm_device_probe_seconds{device="tokyo"} 0.0454',
    'oobm_device_sessions{device="tokyo",kind="console"} 2',
    'oobm_device_bridge_answers{device="tokyo"} 1',
    'oobm_device_alerts_total{device="tokyo"} 3',
    'oobm_device_way{device="tokyo",way="tls"} 1',
    'oobm_console_open{device="tokyo",console="core-sw1"} 1',
    'oobm_console_open{device="tokyo",console="core-sw2"} 0',
    'oobm_console_sessions{device="tokyo",console="core-sw1"} 1',
    'oobm_device_other_consoles{device="tokyo"} 1',
    'oobm_device_wifi_signal_dbm{device="tokyo"} -61',
    'oobm_uplink_carries{device="tokyo",uplink="eth0",kind="cable",metered="no"} 0',
    'oobm_uplink_carries{device="tokyo",uplink="wwan0",kind="modem",metered="yes"} 1',
    'oobm_uplink_proved_timestamp_seconds{device="tokyo",uplink="eth0"} 1799996995',
    'oobm_uplink_day_bytes{device="tokyo",uplink="wwan0"} 1240000',
    'oobm_relay_metrics_timestamp_seconds 1800000000',
  ]) {
    assert.ok(`\n${text}`.includes(`\n${line}\n`), line)
  }
})

test('says nothing of how things are by the last report of a device that is away or silent', () => {
  const gone = [
    viewOf('a', 'away', { connected: false, heard: undefined }),
    viewOf('s', 'silent', { heard: { silentMs: 75_000 } }),
  ]
  const lines = metricsOf(gone).split('\n')
  const told = new Set(lines.flatMap(line => /^(oobm_(?:device|console|uplink)_\w+)\{/.exec(line)?.[1] ?? []))
  assert.equal(
    [...told],
    [
      ...[
        'oobm_device_connected',
        'oobm_device_proved',
        'oobm_device_state',
        'oobm_device_state_since_timestamp_seconds',
      ],
      ...['oobm_device_silent_seconds', 'oobm_device_maintenance_off', 'oobm_device_proved_timestamp_seconds'],
      ...['oobm_device_report_timestamp_seconds', 'oobm_device_info', 'oobm_device_alerts_total'],
      ...['oobm_device_events_total', 'oobm_uplink_proved_timestamp_seconds'],
    ],
  )
  for (const device of ['a', 's']) assert.ok(lines.includes(`oobm_device_proved{device="${device}"} 0`))
  assert.ok(lines.includes('oobm_device_silent_seconds{device="s"} 75'))
})

test('a device cannot make series by the names that it reports', () => {
  const lines = (n: number) => {
    const consoles = [{ name: `c${n}`, open: true, cause: '', who: [] }]
    const uplinks = [
      { name: `${n} x`, kind: `k${n}`, metered: false, carries: true, provedS: null, dayBytes: null, why: '' },
    ]
    const report: DeviceReport = { ...REPORT, state: `state-${n}`, consoles, uplinks }
    const text = metricsOf([viewOf('tokyo', `state-${n}`, { report })])
    return text.split('\n').filter(line => line.startsWith('oobm_'))
  }
  assert.equal(lines(1), lines(2))
  assert.ok(lines(1).includes('oobm_device_state{device="tokyo",state="other"} 1'))
})

test('every line is help, type or a sample, whatever a device says', () => {
  const EVIL = '\x1b]0;x\x07\x1b[2J\u009b\r\n"\\\u202e{}'
  const report: DeviceReport = {
    ...{ ...REPORT, state: EVIL, cause: EVIL, software: EVIL, uplink: EVIL },
    consoles: [{ name: EVIL, open: false, cause: EVIL, who: [{ technician: EVIL, types: true, forS: 1 }] }],
    uplinks: [{ name: EVIL, kind: EVIL, metered: true, carries: false, provedS: 1e10, dayBytes: 9e15, why: EVIL }],
  }
  const sinks = [{ name: 'noc', delivered: 5, dropped: 1, waiting: 2, oldestMs: NOW_MS - 9_000 }]
  const answered = new Map([['lon', false]])
  const text = metricsOf([viewOf('osaka', 'ready'), viewOf('tokyo', EVIL, { report })], {
    sinks,
    answered,
    eventsAtMs: NOW_MS,
  })
  for (const line of text.trimEnd().split('\n')) {
    assert.match(
      line,
      /^(# (HELP|TYPE) oobm_[a-z_]+ [ -~’]+|oobm_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\])*"(,[a-z]+="([^"\\\n]|\\["\\])*")*\})? -?[0-9.]+)$/,
    )
  }
  const helped = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name)
  const typed = [...text.matchAll(/^# TYPE (\S+) (?:gauge|counter)$/gm)].map(([, name]) => name)
  assert.equal(helped, typed)
  assert.ok(text.includes('\noobm_events_dropped_total{sink="noc"} 1\n'))
  assert.ok(text.includes('\noobm_relay_answered{relay="lon"} 0\n'))
})

test('a counter ends in _total, and a gauge does not', () => {
  for (const { name, type } of DEVICE_METRICS) assert.is(name.endsWith('_total'), type === 'counter', name)
})

test('no series twice, and none for an unknown value', () => {
  const one = { name: 'core-sw1', cause: '', who: [] }
  const consoles = [
    { ...one, open: false },
    { ...one, open: true },
  ]
  const seriesOf = (more: Partial<DeviceView>) =>
    metricsOf([viewOf('tokyo', more.state ?? 'ready', { report: { ...REPORT, consoles }, ...more })])
      .split('\n')
      .filter(line => /^oobm_(console_open|device_silent)/.test(line))
  assert.equal(seriesOf({}), [
    'oobm_device_silent_seconds{device="tokyo"} 3',
    'oobm_console_open{device="tokyo",console="core-sw1"} 1',
  ])
  assert.equal(seriesOf({ heard: { unknown: 'no ss' }, report: { ...REPORT, consoles: null } }), [])
})

test('listens on loopback addresses alone', () => {
  assert.equal(parseListen('9822'), { host: '127.0.0.1', port: 9822 })
  assert.equal(parseListen('127.0.0.9:0'), { host: '127.0.0.9', port: 0 })
  assert.equal(parseListen('[::1]:9822'), { host: '::1', port: 9822 })
  const refused: [text: string, says: RegExp][] = [
    ['', /takes PORT or ADDRESS:PORT/],
    ['http', /"http" is neither/],
    ['70000', /is neither/],
    ['0.0.0.0:9822', /loopback addresses, and "0.0.0.0" is none: put a web server/],
    ['[::]:9822', /"::" is none/],
    ['127.evil.example:1', /is none/],
    ['192.0.2.1:9822', /is none/],
  ]
  for (const [text, says] of refused) assert.throws(() => parseListen(text), says)
})

test.run()
