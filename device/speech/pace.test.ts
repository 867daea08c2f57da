import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { mayTell } from './pace.ts'

const test = suite('pace of announcements')

test('a state is told once it holds; a program that is restarted is not told', () => {
  assert.is(mayTell('ready', 0, [], 3_999), false)
  assert.is(mayTell('ready', 0, [], 4_000), true)
  assert.is(mayTell('not-running', 0, [], 29_999), false)
  assert.is(mayTell('not-running', 0, [], 30_000), true)
})

test('silence follows each announcement', () => {
  assert.is(mayTell('ready', 0, [50_000], 59_999), false)
  assert.is(mayTell('ready', 0, [50_000], 60_000), true)
})

test('a link that flaps for an hour is told five times in ten minutes at most', () => {
  const ends: number[] = []
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 1_000) {
    const sinceMs = nowMs - (nowMs % 20_000)
    if (mayTell('no-link', sinceMs, ends, nowMs)) ends.push(nowMs)
  }
  assert.is(ends.length, 30)
  for (const [i, end] of ends.entries()) assert.ok((ends[i + 5] ?? Number.POSITIVE_INFINITY) - end >= 600_000)
})

test.run()
