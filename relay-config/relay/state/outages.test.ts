import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { healTimes, outagesOf, type TrendPoint } from './outages.ts'

const test = suite('outages of a device')
const at = (second: number, state: string, more: Partial<TrendPoint> = {}): TrendPoint => ({
  ...{ atMs: second * 1000, state },
  ...more,
})
const own = (second: number, state: string, cause = '') => at(second, state, { isOwn: true, cause })
const spans = (points: TrendPoint[]) =>
  outagesOf(points).map(({ fromMs, toMs, state, isHealed }) => [
    fromMs / 1000,
    toMs === undefined ? undefined : toMs / 1000,
    state,
    isHealed,
  ])

const TABLE: [string, TrendPoint[], ReturnType<typeof spans>][] = [
  ['nothing is known', [], []],
  ['a device that is set up', [at(1, 'no-relay'), at(2, 'unproved'), at(3, 'ready')], []],
  [
    'its connection ended, and it came back',
    [at(1, 'ready'), at(60, 'away'), at(90, 'unproved'), at(95, 'in-use')],
    [[60, 95, 'away', true]],
  ],
  ['it has not come back', [at(1, 'ready'), at(60, 'away')], [[60, undefined, 'away', false]]],
  ['a line that is closed locks nobody out', [at(1, 'ready'), at(2, 'no-console'), at(3, 'ready')], []],
  ['switched off', [at(1, 'ready'), at(2, 'maintenance'), at(3, 'unproved'), at(4, 'ready')], []],
  ['switched off meanwhile', [at(1, 'ready'), at(2, 'unproved'), at(9, 'maintenance')], [[2, 9, 'unproved', false]]],
  [
    'the device saw it before its relay',
    [
      at(1, 'ready'),
      at(90, 'away'),
      own(1, 'ready'),
      own(30, 'no-relay', 'no route'),
      own(100, 'ready'),
      at(100.6, 'ready'),
    ],
    [[30, 100.6, 'no-relay', true]],
  ],
  [
    'a power cut that no relay saw',
    [at(1, 'ready'), own(90, 'no-link'), own(110, 'ready'), at(110, 'ready')],
    [[90, 110, 'no-link', true]],
  ],
  [
    'a device that is set up, and whose list came late',
    [at(1, 'unproved'), at(3, 'ready'), own(5, 'no-relay'), own(8, 'unproved'), own(9, 'ready')],
    [],
  ],
  [
    'a report that came late',
    [at(1, 'ready'), at(60, 'away'), at(64, 'ready'), own(1, 'ready'), own(70, 'no-relay'), own(74, 'ready')],
    [[60, 74, 'away', true]],
  ],
  [
    'the device told of it before it ended',
    [at(1, 'ready'), own(1, 'ready'), own(20, 'unproved'), at(20, 'unproved'), at(33, 'ready')],
    [[20, 33, 'unproved', true]],
  ],
  [
    'a device that went to its other relay',
    [at(1, 'ready', { relay: 'a' }), at(8, 'ready', { relay: 'b' }), at(20, 'away', { relay: 'a' })],
    [],
  ],
  [
    'a device that left both',
    [at(1, 'ready', { relay: 'a' }), at(20, 'away', { relay: 'a' }), at(50, 'ready', { relay: 'b' })],
    [[20, 50, 'away', true]],
  ],
]

for (const [name, points, expected] of TABLE) test(name, () => assert.equal(spans(points), expected))

test('the time to heal counts what was proved again', () => {
  const outage = (seconds: number, isHealed = true) => ({
    fromMs: 0,
    toMs: seconds * 1000,
    state: '',
    cause: '',
    isHealed,
  })
  assert.is(healTimes([outage(5, false)]), undefined)
  assert.equal(healTimes([outage(60), outage(1), outage(9), outage(500, false)]), {
    medianMs: 9_000,
    longestMs: 60_000,
  })
})

test('says why, where the device told it', () => {
  const [outage] = outagesOf([
    at(1, 'ready'),
    at(32, 'away'),
    own(1, 'ready'),
    own(30, 'no-relay', 'no route'),
    own(40, 'ready'),
  ])
  assert.is(outage?.cause, 'no route')
})

test('a cause stands beside the state that it is the cause of', () => {
  const [outage] = outagesOf([
    ...[at(1, 'ready'), at(60, 'unproved'), at(70, 'ready')],
    ...[own(1, 'ready'), own(61, 'no-relay', 'the cable is out'), own(65, 'unproved', 'testing'), own(70, 'ready')],
  ])
  assert.equal([outage?.state, outage?.cause, outage?.fromMs], ['no-relay', 'the cable is out', 60_000])
})

test.run()
