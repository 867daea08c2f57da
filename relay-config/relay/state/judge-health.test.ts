import * as assert from 'uvu/assert'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { suite } from '../../../testbed/suite.ts'
import type { DeviceView } from './device-view.ts'
import { checkmkLine, judgeConsole, judgeDevice, judgeFleet, type Limits, pluginLine } from './judge-health.ts'

const test = suite('nagios')
const NOW_MS = 1_800_000_000_000
const LIMITS: Limits = { nowMs: NOW_MS, warningMs: undefined, criticalMs: undefined, missing: [] }
const HOUR = 3_600_000

const REPORT: DeviceReport = {
  ...{ v: 1, state: 'ready', cause: '', sinceS: 60, proofS: 10, tookMs: null, probeMs: 45 },
  ...{ sessions: { shell: 0, console: 1 }, software: '1', uplink: null, changes: [] },
  consoles: [{ name: 'sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 3 }] }],
}

function view(more: Partial<DeviceView> = {}, report: Partial<DeviceReport> = {}): DeviceView {
  return {
    ...{ device: 'tokyo', state: 'ready', connected: true, heard: { silentMs: 3_000 }, off: false },
    ...{ pace: { pingMs: 15_000, reportMs: 300_000 }, maintenance: undefined, report: { ...REPORT, ...report } },
    ...{ reportedAtMs: NOW_MS, provedAtMs: NOW_MS - 45_000, sinceMs: NOW_MS - 2 * HOUR },
    ...more,
  }
}

const AWAY = view({ state: 'away', connected: false, heard: undefined })
const NEVER = view({ state: 'never', connected: false, report: undefined, provedAtMs: undefined, sinceMs: undefined })
const CLOSED = { consoles: [{ name: 'sw1', open: false, cause: 'no adapter', who: [] }] }
const OFF = view({ off: true, maintenance: { state: 'off', until: null, at: 1_780_000_000, by: 'carol' } })

test('a device: OK, WARNING, CRITICAL or UNKNOWN, in one line with figures', () => {
  const cases: [view: DeviceView, limits: Partial<Limits>, line: RegExp][] = [
    [view(), {}, /^OK - tokyo: ready for 2h, proved 45s ago \| proof_age=45s;;;0 rtt=0\.045s;;;0 sessions=1;;;0$/],
    [view({ state: 'no-console' }, CLOSED), {}, /^WARNING - tokyo: proved 45s ago; closed: sw1 \| /],
    [view({}, { consoles: null }), {}, /^WARNING - .* console bridge does not answer/],
    [AWAY, {}, /^CRITICAL - tokyo: nobody can get in: away for 2h, proved 45s ago \| proof_age=45s;;;0$/],
    [view({ state: 'silent' }), {}, /^CRITICAL - tokyo: nobody can get in: silent/],
    [view({ state: 'unproved' }, { cause: 'no | marker\n' }), {}, /^CRITICAL - .*: no \/ marker\? \| proof_age/],
    [view({ state: 'constructor' }), {}, /^CRITICAL - /],
    [OFF, {}, /^WARNING - tokyo: access is off since .*, switched off by carol/],
    [NEVER, {}, /^UNKNOWN - tokyo: was never connected$/],
    [AWAY, { missing: ['par'] }, /^UNKNOWN - tokyo: away at those that answer, and par could not be asked/],
    [view(), { missing: ['par'] }, /^OK - /],
    [
      view({ provedAtMs: NOW_MS - 6 * HOUR }),
      { warningMs: 5 * HOUR },
      /^WARNING - tokyo: ready, but proved 6h ago \| proof_age=21600s;18000;;0 /,
    ],
    [view({ provedAtMs: NOW_MS - 6 * HOUR }), { warningMs: HOUR, criticalMs: 2 * HOUR }, /^CRITICAL - .*;3600;7200;0 /],
  ]
  for (const [one, limits, line] of cases) assert.match(pluginLine(judgeDevice(one, { ...LIMITS, ...limits })), line)
})

test('a console: what the last report says of it counts only while the device is there', () => {
  const line = (one: DeviceView, name = 'sw1') => pluginLine(judgeConsole(one, name, LIMITS))
  assert.is(line(view()), 'OK - sw1 at tokyo: open, 1 on it | sessions=1;;;0')
  assert.is(line(view({ state: 'no-console' }, CLOSED)), 'CRITICAL - sw1 at tokyo: closed: no adapter | sessions=0;;;0')
  assert.match(line(AWAY), /^UNKNOWN - sw1 at tokyo: not known, because tokyo: nobody can get in: away/)
  assert.match(line(OFF), /^UNKNOWN - /)
  assert.match(line(view(), 'sw2'), /^UNKNOWN - sw2 at tokyo: the device does not say/)
})

test('the fleet: what is lost is named, worst first, and five of many', () => {
  const line = (views: DeviceView[], missing: string[] = []) => pluginLine(judgeFleet(views, { ...LIMITS, missing }))
  assert.is(
    line([view(), NEVER]),
    'OK - 1 of 2 proved; never connected: tokyo | proved=1;;;0;2 lost=0;;;0;2 off=0;;;0;2 never=1;;;0;2 consoles_closed=0;;;0',
  )
  assert.match(line([NEVER, NEVER]), /^UNKNOWN - 0 of 2 proved; never connected: tokyo, tokyo/)
  assert.match(line([]), /^UNKNOWN - 0 of 0 proved/)
  const lost = Array.from({ length: 7 }, (_, n) => ({ ...AWAY, device: `d${n}` }))
  assert.match(
    line([view(), ...lost]),
    /^CRITICAL - 1 of 8 proved; lost: d0 \(away\), .*d4 \(away\) and 2 more \| proved=1;;;0;8 lost=7;/,
  )
  assert.match(
    line([OFF, view({ state: 'no-console' }, CLOSED)]),
    /^WARNING - .*access off: tokyo; closed: sw1 at tokyo/,
  )
  assert.match(line([view()], ['par']), /^WARNING - 1 of 1 proved; could not be asked: par/)
  assert.match(line([view(), AWAY], ['par']), /^UNKNOWN - .*not known: tokyo; could not be asked: par/)
})

test('a line of CheckMK has no units and no quotes of others', () => {
  assert.is(
    checkmkLine('tokyo', judgeDevice(view(), LIMITS)),
    '0 "oobm tokyo" proof_age=45;;;0|rtt=0.045;;;0|sessions=1;;;0 tokyo: ready for 2h, proved 45s ago',
  )
  assert.is(checkmkLine('a"b', judgeDevice(NEVER, LIMITS)), '3 "oobm a/b" - tokyo: was never connected')
})

test.run()
