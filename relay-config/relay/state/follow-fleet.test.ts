import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { quickClock } from '../../testing/quick-clock.ts'
import type { DeviceView } from './device-view.ts'
import { followFleet } from './follow-fleet.ts'

const test = suite('follow a fleet')

const viewOf = (device: string, more: Partial<DeviceView> = {}): DeviceView => ({
  ...{
    device,
    state: 'ready',
    connected: true,
    heard: { silentMs: 3_000 },
    pace: { pingMs: 15_000, reportMs: 300_000 },
  },
  ...{ report: undefined, reportedAtMs: 1, maintenance: undefined, off: false, provedAtMs: 1, sinceMs: 1 },
  ...more,
})

test('gives all devices, then what has changed, and a sign of life', async () => {
  const looks = [
    [viewOf('a'), viewOf('b')],
    [viewOf('a', { heard: { silentMs: 7_000 } }), viewOf('b')],
    [viewOf('a', { state: 'silent', sinceMs: 5 }), viewOf('b')],
    [viewOf('a', { state: 'silent', sinceMs: 9 })],
  ]
  const { clock, over } = quickClock(9_000)
  const lines: { views: { device: string; nowMs: number }[]; gone: string[] }[] = []
  let at = 0
  const read = async () => looks[at++] ?? looks.at(-1) ?? []
  await followFleet({ read, print: line => lines.push(JSON.parse(line)), clock, signal: over.signal })
  assert.equal(
    lines.map(({ views, gone }) => [views.map(({ device }) => device), gone]),
    [
      [['a', 'b'], []],
      [[], []],
      [['a'], []],
      [[], ['b']],
      [[], []],
    ],
  )
  assert.ok((lines[2]?.views[0]?.nowMs ?? 0) > (lines[0]?.views[0]?.nowMs ?? 0))
})

test('rests so long after a slow look that it costs a tenth of the time, five seconds at most', async () => {
  const { clock, over } = quickClock(8_500)
  const atMs: number[] = []
  const read = async () => {
    atMs.push(clock.nowMs())
    await clock.sleep(400, over.signal)
    return []
  }
  await followFleet({ read, print: () => {}, clock, signal: over.signal })
  assert.equal(
    atMs.map(ms => ms - (atMs[0] ?? 0)),
    [0, 4_000, 8_000],
  )
})

test.run()
