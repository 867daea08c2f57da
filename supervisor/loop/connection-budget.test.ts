import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { CONNECTIONS_A_MINUTE, ConnectionBudget } from './connection-budget.ts'
import { FakeClock } from './testing/fake-clock.ts'

const test = suite('connection-budget')
const ever = () => new AbortController().signal

test('thirty are given at once; the next waits until the first is a minute old', async () => {
  const clock = new FakeClock()
  const budget = new ConnectionBudget(clock)
  for (let count = 0; count < CONNECTIONS_A_MINUTE; count++) assert.ok(await budget.take(ever()))
  let tookAtMs: number | undefined
  void budget.take(ever()).then(() => {
    tookAtMs = clock.nowMs()
  })
  await clock.runUntil(60_000)
  assert.is(tookAtMs, undefined)
  await clock.runUntil(61_000)
  assert.is(tookAtMs, 60_001)
})

test('never more than thirty in any minute, however many ask at once', async () => {
  const clock = new FakeClock()
  const budget = new ConnectionBudget(clock)
  const takenAtMs: number[] = []
  for (let second = 0; second < 100; second++) {
    clock.at(second * 1_000, () => {
      for (const _ of [1, 2]) void budget.take(ever()).then(() => takenAtMs.push(clock.nowMs()))
    })
  }
  await clock.runUntil(600_000)
  assert.is(takenAtMs.length, 200)
  for (const atMs of takenAtMs) {
    assert.ok(takenAtMs.filter(other => other >= atMs && other < atMs + 60_000).length <= CONNECTIONS_A_MINUTE)
  }
})

test('who does not want it any more takes nothing: aborted while waiting, and before', async () => {
  const clock = new FakeClock()
  const budget = new ConnectionBudget(clock)
  for (let count = 0; count < 100; count++) assert.not(await budget.take(AbortSignal.abort()))
  for (let count = 0; count < CONNECTIONS_A_MINUTE; count++) assert.ok(await budget.take(ever()))
  const over = new AbortController()
  const waiting = budget.take(over.signal)
  over.abort()
  assert.not(await waiting)
  assert.is(clock.sleeping, 0)
})

test.run()
