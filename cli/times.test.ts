import * as assert from 'uvu/assert'
import { timeText } from '../runtime/time-text.ts'
import { suite } from '../testbed/suite.ts'
import { describeAge, describeDuration } from './times.ts'

const test = suite('times')

test('the largest unit alone', () => {
  const rows: [number, string][] = [
    [0, '0 s'],
    [999, '0 s'],
    [40_000, '40 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_000, '59 min'],
    [3 * 3_600_000, '3 h'],
    [86_400_000, '1 day'],
    [49 * 3_600_000, '2 days'],
  ]
  for (const [ms, text] of rows) assert.is(describeDuration(ms), text)
})

test('an age, and a time that lies ahead because the clock was set back', () => {
  const nowMs = Date.UTC(2026, 10, 21, 22, 24, 46)
  assert.is(timeText(nowMs), '2026-11-21 22:24:46 UTC')
  assert.is(describeAge(nowMs - 40_000, nowMs), '40 s ago')
  assert.is(describeAge(nowMs + 500, nowMs), '0 s ago')
  assert.match(describeAge(nowMs + 60_000, nowMs), 'at 2026-11-21 22:25:46 UTC, which lies ahead')
})

test.run()
