import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import {
  type DeviceReport,
  deviceEventSchema,
  deviceReportSchema,
  formatEvent,
  formatRelayMessage,
  formatReport,
  LINE_MAX,
  parseRelayLine,
} from './control-protocol.ts'

const test = suite('control-protocol')

const LINES: [line: string, state: ReturnType<typeof parseRelayLine>][] = [
  ['others none', { type: 'others', seconds: undefined }],
  ['others 12', { type: 'others', seconds: 12 }],
  ['others 12 13', undefined],
  ['others -1', undefined],
  ['listening yes', { type: 'listening', answer: 'yes' }],
  ['listening no', { type: 'listening', answer: 'no' }],
  ['listening unknown since 3', { type: 'listening', answer: 'unknown' }],
  ['listening', undefined],
  ['listening YES', undefined],
  ['maintenance on', { type: 'maintenance', off: false }],
  ['maintenance off', { type: 'maintenance', off: true }],
  ['maintenance off 200 100', { type: 'maintenance', off: true, untilS: 200, nowS: 100 }],
  ['maintenance off 200', { type: 'maintenance', off: true, untilS: 200 }],
  ['maintenance off 200 100 carol', { type: 'maintenance', off: true, untilS: 200, nowS: 100, by: 'carol' }],
  ['maintenance off - - carol', { type: 'maintenance', off: true, by: 'carol' }],
  ['maintenance off - - car\x1bol', { type: 'maintenance', off: true }],
  ['maintenance off soon', { type: 'maintenance', off: true }],
  ['maintenance', undefined],
  ['maintenance offf', undefined],
  ['blink 30', { type: 'blink', seconds: 30 }],
  ['blink 999999', { type: 'blink', seconds: 600 }],
  ['blink', undefined],
  ['blink 1e3', undefined],
  ['relay fra.example 443 oobm', { type: 'relay', host: 'fra.example', port: 443, user: 'oobm' }],
  ['relay fra.example 443', undefined],
  ['relay  443 oobm', undefined],
  ['settings waiting', undefined],
  ['', undefined],
  ['OTHERS 1', undefined],
]

for (const [line, message] of LINES) test(`reads "${line}"`, () => assert.equal(parseRelayLine(line), message))

test('what is written is read back as it was', () => {
  for (const [line, message] of LINES) {
    if (
      message === undefined ||
      message.type === 'others' ||
      message.type === 'listening' ||
      /soon|9999|\x1b/.test(line)
    )
      continue
    assert.is(formatRelayMessage(message), line)
  }
})

const REPORT: DeviceReport = {
  v: 1,
  state: 'ready',
  cause: 'prüft "sich"\n\x1b[2J',
  sinceS: 4,
  proofS: 3,
  tookMs: 300,
  probeMs: 40,
  sessions: { shell: 0, console: 1 },
  software: '0.1.0',
  uplink: 'eth0',
  consoles: [{ name: 'sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 9 }], outputS: 3 }],
  changes: [{ agoS: 5, state: 'unproved', cause: 'x' }],
}

test('a report is one line of printable ASCII that reads back as it was', () => {
  const line = formatReport(REPORT)
  assert.match(line, /^report [ -~]+$/)
  assert.equal(deviceReportSchema.parse(JSON.parse(line.slice(7))), REPORT)
})

test('a report may say how often the device pings and how it was proved; nonsense there costs nothing else', () => {
  const more = { pingS: 60, proofBy: 'login', signalDbm: -61, way: 'tls', uplinks: [] } as const
  assert.equal(deviceReportSchema.parse({ ...REPORT, ...more }), { ...REPORT, ...more })
  const odd = { pingS: 0, proofBy: 'prayer', signalDbm: 'strong', way: 'pigeon', uplinks: [{ name: 7 }] }
  const { pingS, proofBy, signalDbm, way, uplinks, ...rest } = deviceReportSchema.parse({ ...REPORT, ...odd })
  assert.equal([pingS, proofBy, signalDbm, way, uplinks], Array(5).fill(undefined))
  assert.equal(rest, REPORT)
})

test('a report that is too long loses its oldest changes first, and always fits', () => {
  const changes = Array.from({ length: 50 }, (_, agoS) => ({ agoS, state: 'unproved', cause: 'ü'.repeat(40) }))
  const some = deviceReportSchema.parse(JSON.parse(formatReport({ ...REPORT, changes }).slice(7)))
  assert.ok(some.changes.length > 1 && some.changes.length < 50)
  assert.is(some.changes.at(-1)?.agoS, 49)
  assert.equal(some.consoles, REPORT.consoles)
  const who = Array.from({ length: 64 }, () => ({ technician: 'x'.repeat(32), types: false, forS: 1 }))
  const consoles = Array.from({ length: 64 }, (_, n) => ({
    name: `${n}`.repeat(20),
    open: true,
    cause: 'y',
    who,
    outputS: 1e10,
  }))
  const uplink = { name: 'u'.repeat(40), kind: 'cable', metered: true, carries: false, provedS: 1, dayBytes: 1 }
  const uplinks = Array.from({ length: 8 }, () => ({ ...uplink, why: '\u{1f642}'.repeat(100) }))
  const line = formatReport({ ...REPORT, cause: '\u{1f642}'.repeat(5_000), changes, consoles, uplinks })
  assert.ok(line.length <= LINE_MAX)
  deviceReportSchema.parse(JSON.parse(line.slice(7)))
})

test('an event fits into what a relay keeps, whatever stands in it', () => {
  const long = '\u{1f4a5}'.repeat(200)
  for (const detail of ['300 ms', long]) {
    const event = { event: 'refused', agoS: 1e10, fromS: 1e10, console: 'c'.repeat(99), technician: 't'.repeat(99) }
    const line = formatEvent({ ...event, address: '2001:db8::7', detail, ref: 'abcdef01.123456.1234567' })
    assert.match(line, /^event \{[ -~]*\}$/)
    assert.ok(line.length <= 6 + 512, `${line.length}`)
    assert.ok(deviceEventSchema.safeParse(JSON.parse(line.slice(6))).success)
  }
})

test.run()
