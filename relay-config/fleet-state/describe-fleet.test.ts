import * as assert from 'uvu/assert'
import type { DeviceReport } from '../../runtime/control-protocol.ts'
import { suite } from '../../tools/suite.ts'
import { parseDuration, shortAge } from './ages.ts'
import { describeDevice, describeFleet, PLAIN } from './describe-fleet.ts'
import { describeMetrics } from './describe-metrics.ts'
import type { DeviceState } from './device-state.ts'

const test = suite('fleet-state')
const NOW_MS = 1_800_000_000_000

const REPORT: DeviceReport = {
  v: 1,
  word: 'ready',
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
    },
    { name: 'core-sw2', open: false, cause: 'no /dev/ttyUSB1', who: [] },
  ],
  changes: [{ agoS: 7_300, word: 'unproved', cause: 'the relay was silent' }],
}

function state(device: string, word: string, more: Partial<DeviceState> = {}): DeviceState {
  const times = { reportedAtMs: NOW_MS - 5_000, provedAtMs: NOW_MS - 45_000, sinceMs: NOW_MS - 7_205_000 }
  return {
    device,
    word,
    connected: true,
    report: { ...REPORT, word },
    maintenance: undefined,
    off: false,
    ...times,
    ...more,
  }
}

test('is a table of 80 columns, worst first', () => {
  const lines = describeFleet(
    [
      state('tokyo', 'ready'),
      state('osaka', 'maintenance', { off: true }),
      state('nagoya', 'away', { connected: false }),
      state('kobe', 'unproved'),
      state('kyoto', 'never', { connected: false, report: undefined, provedAtMs: undefined, sinceMs: undefined }),
      state('zz', 'frobnicated'),
    ],
    NOW_MS,
    80,
    PLAIN,
  )
  assert.equal(
    lines.map(line => line.split(/ +/).slice(0, 2).join(' ')),
    [
      'DEVICE STATE',
      'zz frobnicated',
      'nagoya away',
      'kyoto never',
      'kobe unproved',
      'osaka maintenance',
      'tokyo ready',
      '6 devices,',
    ],
  )
  assert.ok(lines.every(line => line.length <= 80))
  assert.match(lines[6] ?? '', /^tokyo +ready +45s +45ms +2h +0\.1\.0 +eth0 +core-sw1:alice\*/)
  assert.match(lines[2] ?? '', / core-sw1 core-sw2!$/, 'nobody is on the consoles of a device that is away')
})

test('sorts and shows a thousand devices fast', () => {
  const words = ['ready', 'in-use', 'away', 'no-link', 'unproved', 'never', 'silent', 'duplicate']
  const states = Array.from({ length: 1_000 }, (_, n) => state(`device-${n}`, words[n % words.length] ?? ''))
  const startedMs = performance.now()
  const lines = describeFleet(states, NOW_MS, 80, PLAIN)
  assert.is(lines.length, 1_002)
  assert.match(lines[1] ?? '', /^device-10 +away/)
  assert.ok(performance.now() - startedMs < 2_000)
})

const EVIL = '\x1b]0;x\x07\x1b[2J\u009b\r\n"\\\u202e{}'
const HOSTILE: DeviceReport = {
  ...REPORT,
  word: EVIL,
  cause: EVIL,
  software: EVIL,
  uplink: EVIL,
  consoles: [{ name: EVIL, open: false, cause: EVIL, who: [{ technician: EVIL, types: true, forS: 1 }] }],
  changes: [{ agoS: 1e10, word: EVIL, cause: EVIL }],
}
const hostile = state('tokyo', EVIL, { report: HOSTILE })

test('brings nothing to the terminal that a device put into its report', () => {
  for (const lines of [describeFleet([hostile], NOW_MS, 300, PLAIN), describeDevice(hostile, NOW_MS, PLAIN)]) {
    for (const line of lines) assert.not.match(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
  }
})

test('metrics: every line is help, type or a sample, whatever a device says', () => {
  const text = describeMetrics([state('osaka', 'ready'), hostile], NOW_MS)
  for (const line of text.trimEnd().split('\n')) {
    assert.match(
      line,
      /^(# (HELP|TYPE) oobm_[a-z_]+ [ -~’]+|oobm_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\])*"(,[a-z]+="([^"\\\n]|\\["\\])*")*\})? [0-9.]+)$/,
    )
  }
  assert.match(text, /^oobm_device_probe_seconds\{device="osaka"\} 0\.0454$/m)
  assert.match(text, /^oobm_device_sessions\{device="osaka",kind="console"\} 2$/m)
  const helped = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name)
  const typed = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name)
  assert.equal(helped, typed)
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
