import * as assert from 'uvu/assert'
import { PLAIN } from '../../../cli/paint.ts'
import { suite } from '../../../testbed/suite.ts'
import type { HistoryEntry } from '../../relay/history.ts'
import { describeFleet } from '../../relay/state/describe-fleet.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { mergeEntries } from './merge-entries.ts'
import { mergeViews } from './merge-views.ts'

const test = suite('what several relays say')
const NOW_MS = 1_800_000_000_000

function report(state: string): NonNullable<DeviceView['report']> {
  const times = { sinceS: 60, proofS: 10, tookMs: null, probeMs: null }
  return {
    ...{ v: 1, state, cause: '', ...times, sessions: { shell: 0, console: 0 }, software: '0.1.0', uplink: null },
    ...{ consoles: [], changes: [] },
  }
}

/** One that speaks, 5 s after its last report. */
function at(state: string, more: Partial<DeviceView> = {}): DeviceView {
  return {
    ...{ device: 'tokyo', state, connected: true, heard: { silentMs: 3_000 }, off: false, maintenance: undefined },
    ...{ pace: { pingMs: 15_000, reportMs: 300_000 }, report: report('ready'), reportedAtMs: NOW_MS - 5_000 },
    ...{ provedAtMs: NOW_MS - 10_000, sinceMs: NOW_MS - 60_000 },
    ...more,
  }
}
const NEVER = at('never', { connected: false, heard: undefined, report: undefined, reportedAtMs: undefined })
const AWAY = at('away', { connected: false, heard: undefined, reportedAtMs: NOW_MS - 60_000 })
const SILENT = at('silent', { heard: { silentMs: 90_000 } })

test('a device is shown at the relay at which it is, whatever record another has', () => {
  const cases: [a: DeviceView, b: DeviceView, relay: string | null, state: string, elsewhere: string[]][] = [
    [SILENT, at('ready'), 'b', 'ready', ['a silent']],
    [at('ready', { reportedAtMs: NOW_MS - 70_000 }), at('in-use'), 'b', 'in-use', ['a ready']],
    // Its new connection has not reported yet, and the old one had reported just before.
    [
      at('ready', { heard: { silentMs: 40_000 } }),
      at('ready', { reportedAtMs: NOW_MS - 60_000 }),
      'b',
      'ready',
      ['a ready'],
    ],
    [AWAY, at('maintenance'), 'b', 'maintenance', []],
    [NEVER, SILENT, 'b', 'silent', []],
    [NEVER, AWAY, null, 'away', []],
    [NEVER, NEVER, null, 'never', []],
  ]
  for (const [a, b, relay, state, elsewhere] of cases) {
    for (const said of [
      [
        { relay: 'a', views: [a] },
        { relay: 'b', views: [b] },
      ],
      [
        { relay: 'b', views: [b] },
        { relay: 'a', views: [a] },
      ],
    ]) {
      const [view] = mergeViews(said)
      const others = view?.elsewhere?.map(one => `${one.relay} ${one.state}`)
      assert.equal([view?.relay, view?.state, others], [relay, state, elsewhere], `${a.state} ${b.state}`)
    }
  }
})

test('access that is off at one relay only is said', () => {
  const off = { off: true, maintenance: { state: 'off' as const, until: null, at: 1, by: 'carol' } }
  const both = (a: DeviceView, b: DeviceView) =>
    describeFleet(
      mergeViews([
        { relay: 'lon', views: [a] },
        { relay: 'par', views: [b] },
      ]),
      NOW_MS,
      100,
      PLAIN,
    )
  const lines = both({ ...NEVER, ...off }, at('ready'))
  assert.match(lines[0] ?? '', /^DEVICE STATE RELAY PROVED /)
  assert.match(lines[1] ?? '', /^tokyo {2}ready par {3}10s /)
  assert.ok(lines.includes('tokyo: access is off at lon only'))
  const all = both({ ...NEVER, ...off }, at('maintenance', off))
  assert.ok(all.some(line => line.startsWith('tokyo: access is off since')))
  assert.not(all.some(line => line.endsWith(' only')))
})

test('what a device told two relays is in the history once', () => {
  const entry = (at: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    at,
    by: 'x',
    event: 'alert',
    ...more,
  })
  const told: Partial<HistoryEntry> = { device: 'tokyo', source: 'device' }
  const merged = mergeEntries([
    {
      relay: 'lon',
      entries: [entry('2026-01-01', told), entry('2026-01-02', { ...told, ref: '7', count: 1 }), entry('2026-01-03')],
    },
    {
      relay: 'par',
      entries: [entry('2026-01-01', told), entry('2026-01-03'), entry('2026-01-04', { ...told, ref: '7', count: 3 })],
    },
  ])
  assert.equal(
    merged.map(({ at, relay, count }) => [at, relay, count].filter(part => part !== undefined).join(' ')),
    ['2026-01-01 par', '2026-01-03 lon', '2026-01-03 par', '2026-01-04 par 3'],
  )
})

test.run()
