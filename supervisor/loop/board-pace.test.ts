import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { BoardPace } from './board-pace.ts'

const test = suite('board-pace')
const turns = (pace: BoardPace, count: number) => {
  for (let turn = 0; turn < count; turn++) pace.turn(5)
}

test('a board that starts in a second keeps the unit’s watchdog', () => {
  assert.equal([new BoardPace(1_000).watchdogMs, Math.round(new BoardPace(500).slowness)], [0, 1])
})

test('a board that took 90 s to start has minutes, and what takes time there is waited for', () => {
  const pace = new BoardPace(90_000)
  assert.is(pace.watchdogMs, 640_000)
  assert.ok(pace.slowness > 4)
})

test('a late turn is remembered for minutes, and forgotten', () => {
  const pace = new BoardPace(0)
  pace.turn(10_000)
  assert.is(pace.watchdogMs, 80_000)
  turns(pace, 60)
  assert.is(pace.watchdogMs, 80_000)
  turns(pace, 900)
  assert.is(pace.watchdogMs, 0)
})

test.run()
