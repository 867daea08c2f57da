import * as assert from 'uvu/assert'
import { type Paint, PLAIN } from '../../../cli/paint.ts'
import { parseDuration, shortAge } from '../../../cli/times.ts'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { suite } from '../../../testbed/suite.ts'
import { describeDevice } from './describe-device.ts'
import { describeFleet } from './describe-fleet.ts'
import type { DeviceView } from './device-view.ts'

const test = suite('fleet-state')
const NOW_MS = 1_800_000_000_000

const REPORT: DeviceReport = {
  v: 1,
  state: 'ready',
  cause: 'proved',
  sinceS: 7_200,
  proofS: 40,
  tookMs: 320,
  probeMs: 45.4,
  sessions: { shell: 0, console: 2 },
  software: '0.1.0',
  uplink: 'eth0',
  consoles: [
    {
      name: 'core-sw1',
      open: true,
      cause: '',
      who: [
        { technician: 'alice', types: true, forS: 60 },
        { technician: 'bob', types: false, forS: 30 },
      ],
      outputS: 7,
    },
    { name: 'core-sw2', open: false, cause: 'no /dev/ttyUSB1', who: [] },
  ],
  changes: [{ agoS: 7_300, state: 'unproved', cause: 'the relay was silent' }],
}

function viewOf(device: string, state: string, more: Partial<DeviceView> = {}): DeviceView {
  const times = { reportedAtMs: NOW_MS - 5_000, provedAtMs: NOW_MS - 45_000, sinceMs: NOW_MS - 7_205_000 }
  return {
    device,
    state,
    connected: true,
    heard: { silentMs: 3_000 },
    pace: { pingMs: 15_000, reportMs: 300_000 },
    report: { ...REPORT, state },
    maintenance: undefined,
    off: false,
    ...times,
    ...more,
  }
}

test('is a table of 80 columns, worst first', () => {
  const lines = describeFleet(
    [
      viewOf('tokyo', 'ready'),
      viewOf('osaka', 'maintenance', {
        off: true,
        maintenance: { state: 'off', until: 1_790_000_000, at: 1_780_000_000, by: 'ops', reason: 'site visit' },
      }),
      viewOf('nagoya', 'away', { connected: false }),
      viewOf('kobe', 'unproved'),
      viewOf('kyoto', 'never', { connected: false, report: undefined, provedAtMs: undefined, sinceMs: undefined }),
      viewOf('kochi', 'no-console'),
      viewOf('zz', 'frobnicated'),
      viewOf('yao', 'silent', { heard: { silentMs: 75_000 } }),
    ],
    NOW_MS,
    80,
    PLAIN,
  )
  assert.equal(
    lines.map(line =>
      line
        .split(/ +/)
        .slice(0, /^\d|: access/.test(line) ? 4 : 2)
        .join(' '),
    ),
    [
      'DEVICE STATE',
      'zz frobnicated',
      'nagoya away',
      'yao silent',
      'kyoto never',
      'kobe unproved',
      'osaka maintenance',
      'kochi no-console',
      'tokyo ready',
      '8 devices, 2 proved',
      'osaka: access is off',
      'states, times,',
    ],
  )
  assert.match(lines[6] ?? '', / access off$/)
  assert.is(
    lines[10],
    'osaka: access is off since 2026-05-28 20:26:40 UTC, switched off by ops, until 2026-09-21 14:13:20 UTC: site visit',
  )
  assert.is(lines[11], 'states, times, versions and who is on a console are what the devices say')
  assert.ok(lines.every(line => line.length <= 80 || line.includes('access is off')))
  assert.match(lines[8] ?? '', /^tokyo +ready +45s +45ms +2h +0\.1\.0 +eth0 +core-sw2! core-sw1:ali/)
  assert.match(lines[3] ?? '', / silent for 75 s$/)
  assert.match(lines[2] ?? '', / core-sw2! core-sw1$/, 'nobody is on the consoles of a device that is away')
})

test('shows in a colour each: proved, proved without a console, not proved', () => {
  const paint: Paint = { ...PLAIN, good: () => 'good', poor: () => 'poor', bad: () => 'bad', faint: () => 'faint' }
  const states = ['away', 'silent', 'constructor', 'unproved', 'maintenance', 'no-console', 'ready', 'in-use']
  const colours = states.map(state => describeFleet([viewOf('tokyo', state)], NOW_MS, 80, paint)[1])
  assert.equal(colours, ['bad', 'bad', 'bad', 'bad', 'faint', 'poor', 'good', 'good'])
})

test('shows in depth how the device was proved, and since when it is silent', () => {
  const text = (state: string, more: Partial<DeviceView> = {}) =>
    describeDevice(viewOf('tokyo', state, more), NOW_MS, PLAIN).join('\n')
  const shown = text('no-console', { report: { ...REPORT, state: 'no-console', proofBy: 'login' } })
  assert.match(shown, /^tokyo {2}no-console {2}proved 45s ago, by a login through the tunnel\n/)
  assert.match(shown, /\n {2}means +proved, but the line of a console is not open\n/)
  assert.match(shown, /\n {2}heard +3 s ago; pings every 15 s\n/)
  assert.match(shown, /\n {2}console +core-sw1 open, last output 12s ago\n/)
  assert.match(shown, /\n {2}console +core-sw2 closed: no \/dev\/ttyUSB1\n/)
  const quiet = { heard: { silentMs: 75_400 }, reportedAtMs: NOW_MS - 2_000_000 }
  assert.match(text('silent', quiet), /\n {2}heard +silent for 75 s; pings every 15 s\n/)
  assert.match(text('silent', quiet), /\nthe device reported 33m ago, overdue: it reports every 300 s\n/)
  assert.match(text('ready', { heard: { unknown: 'x\x1b' } }), /\n {2}heard +unknown when: x\?\n/)
  assert.match(text('constructor'), /\n {2}means +a state of a newer version/)
})

const UPLINKS: NonNullable<DeviceReport['uplinks']> = [
  { name: 'eth0', kind: 'cable', metered: false, carries: false, provedS: 3_000, dayBytes: null, why: 'relay silent' },
  { name: 'wwan0', kind: 'modem', metered: true, carries: true, provedS: 20, dayBytes: 1_240_000, why: '' },
]

test('has the uplinks of a device with several, and the way of its tunnel', () => {
  const view = viewOf('tokyo', 'ready', { report: { ...REPORT, uplink: 'wwan0', way: 'tls', uplinks: UPLINKS } })
  const shown = describeDevice(view, NOW_MS, PLAIN).join('\n')
  assert.match(shown, /\n {2}uplinks +eth0 \(cable\), proved 50m ago, relay silent\n/)
  assert.match(shown, /\n +wwan0 \(modem, metered\), proved 25s ago, 1\.24 MB in 24 hours, carries the tunnel\n/)
  assert.match(shown, /\n {2}way +by SSH within TLS\n/)
})

test('has the signal of the Wi-Fi that carries the tunnel', () => {
  const shown = (more: Partial<DeviceReport>) =>
    describeDevice(viewOf('tokyo', 'ready', { report: { ...REPORT, signalDbm: -61, ...more } }), NOW_MS, PLAIN).join(
      '\n',
    )
  assert.match(shown({ uplink: 'wlan0' }), /\n {2}uplink +wlan0, Wi-Fi signal -61 dBm\n/)
  const uplinks = UPLINKS.map(uplink => ({ ...uplink, why: uplink.why && 'no address' }))
  assert.match(shown({ uplinks }), /, no address\n.*, carries the tunnel, Wi-Fi signal -61 dBm\n/)
})

test('has the page of a captive portal that is in the way of an uplink', () => {
  const page = 'http://portal.example/login'
  const portals = [
    { uplink: 'wlan0', page, agoS: 20 },
    { uplink: null, page, agoS: 20 },
  ]
  const shown = describeDevice(viewOf('tokyo', 'ready', { report: { ...REPORT, portals } }), NOW_MS, PLAIN).join('\n')
  assert.match(shown, /\n {2}portal +a captive portal of wlan0: http:\/\/portal\.example\/login, answered \d+s ago\n/)
  assert.match(shown, /\n {2}portal +a captive portal: http:\/\/portal\.example\/login, answered \d+s ago\n/)
})

test('shows how long a device is silent, or since when it has not reported', () => {
  const shown = (more: Partial<DeviceView>) =>
    describeFleet([viewOf('tokyo', 'silent', more)], NOW_MS, 80, PLAIN)[1] ?? ''
  assert.match(shown({ heard: { silentMs: 3_723_000 } }), / silent for 3723 s$/)
  assert.match(shown({ reportedAtMs: NOW_MS - 2_000_000 }), / no report for 33m$/)
  assert.match(shown({ report: undefined, reportedAtMs: undefined }), / no report yet$/)
})

test('says once for how many devices it cannot tell whether they are silent, and why', () => {
  const heard = { unknown: 'this relay has no ss: install iproute2' }
  const one = viewOf('kobe', 'ready', { heard: { unknown: 'ss does not list its connection' } })
  const states = [viewOf('tokyo', 'ready', { heard }), viewOf('osaka', 'ready', { heard }), one]
  assert.equal(describeFleet(states, NOW_MS, 80, PLAIN).slice(-2), [
    'cannot tell whether 2 devices are silent: this relay has no ss: install iproute2',
    'cannot tell whether kobe is silent: ss does not list its connection',
  ])
})

test('sorts and shows a thousand devices fast', () => {
  const states = ['ready', 'in-use', 'away', 'no-link', 'unproved', 'never', 'silent', 'duplicate']
  const views = Array.from({ length: 1_000 }, (_, n) => viewOf(`device-${n}`, states[n % states.length] ?? ''))
  const startedMs = performance.now()
  const lines = describeFleet(views, NOW_MS, 80, PLAIN)
  assert.is(lines.length, 1_003)
  assert.match(lines[1] ?? '', /^device-10 +away/)
  assert.ok(performance.now() - startedMs < 2_000)
})

const EVIL = '\x1b]0;x\x07\x1b[2J\u009b\r\n"\\\u202e{}'
const HOSTILE: DeviceReport = {
  ...REPORT,
  state: EVIL,
  cause: EVIL,
  software: EVIL,
  uplink: EVIL,
  consoles: [{ name: EVIL, open: false, cause: EVIL, who: [{ technician: EVIL, types: true, forS: 1 }] }],
  changes: [{ agoS: 1e10, state: EVIL, cause: EVIL }],
  uplinks: [{ name: EVIL, kind: EVIL, metered: true, carries: false, provedS: 1e10, dayBytes: 9e15, why: EVIL }],
  portals: [{ uplink: EVIL, page: EVIL, agoS: 1e10 }],
}
const hostile = viewOf('tokyo', EVIL, { report: HOSTILE })

test('passes nothing to the terminal that a device put into its report', () => {
  for (const lines of [describeFleet([hostile], NOW_MS, 300, PLAIN), describeDevice(hostile, NOW_MS, PLAIN)]) {
    for (const line of lines) assert.not.match(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
  }
})

test('ages and durations', () => {
  const ages: [number, string][] = [
    [-5_000, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [7_199_000, '1h'],
    [200_000_000, '2d'],
  ]
  for (const [ms, text] of ages) assert.is(shortAge(NOW_MS - ms, NOW_MS), text)
  assert.is(shortAge(undefined, NOW_MS), '-')
  assert.equal(['90s', '2h', '1d', '30m'].map(parseDuration), [90_000, 7_200_000, 86_400_000, 1_800_000])
  for (const bad of ['', '2', 'h', '0s', '-1s', '1.5h', '2 h', '400d', '99999999h', '2H', '١h']) {
    assert.is(parseDuration(bad), undefined, bad)
  }
})

test.run()
