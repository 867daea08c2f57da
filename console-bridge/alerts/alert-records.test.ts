import * as assert from 'uvu/assert'
import type { ToldAlert } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { AlertRecords, QUIET_MS } from './alert-records.ts'

const test = suite('alert records')
const MINUTE_MS = 60_000

function recording() {
  const told: ToldAlert[] = []
  let refs = 0
  const records = new AlertRecords({
    console: 'core-sw1',
    newRef: () => `ref${++refs}`,
    tell: alert => told.push(alert),
  })
  return { records, told, counts: () => told.map(({ ref, count }) => `${ref} ${count}`) }
}

test('the first match is told at once, with all that there is to say', () => {
  const { records, told } = recording()
  records.matched({ rule: 'ios-fan', typist: 'alice', text: 'Faulty fan', atMs: 5 })
  assert.equal(told, [
    {
      ref: 'ref1',
      console: 'core-sw1',
      rule: 'ios-fan',
      since: 5,
      at: 5,
      count: 1,
      typist: 'alice',
      text: 'Faulty fan',
    },
  ])
})

test('a flood is one alert with a count, told again ever more rarely', () => {
  const { records, counts, told } = recording()
  // A line each 10 ms for five hours.
  const hours = 5
  for (let ms = 0; ms < hours * 60 * MINUTE_MS; ms += 10) records.matched({ rule: 'r', atMs: ms })
  const minutes = told.map(({ at }) => Math.round(at / MINUTE_MS))
  assert.equal(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  assert.is(new Set(told.map(({ ref }) => ref)).size, 1)
  const lastMs = hours * 60 * MINUTE_MS - 10
  assert.is(records.due(lastMs + QUIET_MS - 1) !== undefined, true)
  assert.is(records.due(lastMs + QUIET_MS), undefined)
  assert.is(counts().at(-1), `ref1 ${hours * 360_000}`)
  assert.equal([told.at(-1)?.since, told.at(-1)?.at], [0, lastMs])
})

test('after ten quiet minutes, the next match is another alert', () => {
  const { records, counts } = recording()
  records.matched({ rule: 'r', atMs: 0 })
  records.matched({ rule: 'r', atMs: QUIET_MS - 1 })
  records.matched({ rule: 'r', atMs: 2 * QUIET_MS - 2 })
  records.matched({ rule: 'r', atMs: 3 * QUIET_MS })
  assert.equal(counts(), ['ref1 1', 'ref1 2', 'ref1 3', 'ref2 1'])
})

test('a single match is told once, and nothing is left to do', () => {
  const { records, counts } = recording()
  records.matched({ rule: 'r', atMs: 0 })
  assert.is(records.due(1), QUIET_MS)
  assert.is(records.due(QUIET_MS), undefined)
  assert.equal(counts(), ['ref1 1'])
})

test('what comes by itself is not counted with what somebody’s keys brought up', () => {
  const { records, told } = recording()
  records.matched({ rule: 'r', typist: 'alice', atMs: 0 })
  records.matched({ rule: 'r', atMs: 1 })
  records.matched({ rule: 'r', typist: 'bob', atMs: 2 })
  records.matched({ rule: 'other', atMs: 3 })
  assert.equal(
    told.map(({ rule, typist }) => [rule, typist]),
    [
      ['r', 'alice'],
      ['r', undefined],
      ['other', undefined],
    ],
  )
})

test('counts that were not told are told at the end', () => {
  const { records, counts } = recording()
  for (const atMs of [0, 1, 2]) records.matched({ rule: 'r', atMs })
  records.end(3)
  assert.equal(counts(), ['ref1 1', 'ref1 3'])
})

test.run()
