import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { DayBudget } from './budget.ts'
import { dayOf, nextDayMs } from './day.ts'

const test = suite('budget of a day')
const at = (text: string) => Date.parse(text)
const SETTINGS = { bytes: 500_000_000, hour: 0, zone: 'Asia/Tokyo' }
const NOON = at('2026-11-27T12:00:00+09:00')

test('a day begins at its hour in its zone, also where summer time begins', () => {
  const day = (text: string, hour: number, zone: string) => dayOf(at(text), { hour, zone })
  assert.is(day('2026-11-27T14:59:59Z', 0, 'Asia/Tokyo') + 1, day('2026-11-27T15:00:00Z', 0, 'Asia/Tokyo'))
  assert.is(day('2026-11-27T05:59:59Z', 6, 'UTC') + 1, day('2026-11-27T06:00:00Z', 6, 'UTC'))
  const berlin = { hour: 0, zone: 'Europe/Berlin' }
  const start = at('2026-03-29T00:00:00+01:00')
  assert.is(nextDayMs(start, berlin) - start, 23 * 3_600_000)
})

test('what is kept is ahead of the use by a percent, so that a power cut gives nobody more', () => {
  const budget = new DayBudget(SETTINGS, undefined, NOON)
  assert.is(budget.due(), undefined)
  budget.add(10_000, NOON, true)
  const kept = budget.due()
  assert.is(kept?.bytes, 5_010_000)
  budget.wrote(kept ?? { day: 0, bytes: 0 })
  budget.add(4_000_000, NOON, true)
  assert.is(budget.due(), undefined)
  assert.is(new DayBudget(SETTINGS, kept, NOON).usedBytes, 5_010_000)
  let writes = 0
  for (let step = 0; step < 5_000; step++) {
    budget.add(100_000, NOON, true)
    const due = budget.due()
    if (due === undefined) continue
    writes++
    budget.wrote(due)
  }
  assert.ok(writes <= 100, `${writes} writes`)
})

test('a new day is empty; a board that wakes in the past stays in its day', () => {
  const kept = { day: dayOf(NOON, SETTINGS), bytes: 400_000_000 }
  const next = new DayBudget(SETTINGS, kept, NOON)
  assert.is(next.add(1_000, at('2026-11-28T00:00:01+09:00'), true), true)
  assert.is(next.usedBytes, 0)
  const past = new DayBudget(SETTINGS, kept, at('2026-01-01T00:00:00Z'))
  assert.is(past.add(1_000, at('2026-01-01T00:00:10Z'), false), false)
  assert.is(past.usedBytes, 400_001_000)
  // A clock that was wrong the other way: the day in the future is given up when a server tells the time.
  const future = new DayBudget(SETTINGS, { ...kept, day: kept.day + 3_000 }, NOON)
  future.add(0, NOON, true)
  assert.is(future.exact().day, kept.day)
  assert.is(future.usedBytes, 400_000_000)
})

test.run()
