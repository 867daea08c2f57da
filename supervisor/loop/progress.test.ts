import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Progress } from './progress.ts'
import { FakeClock } from './testing/fake-clock.ts'

const test = suite('progress')

test('a loop that is late by more than ten seconds is stuck, by its name, until it turns again or ends', async () => {
  const clock = new FakeClock()
  const progress = new Progress(clock)
  const one = progress.track('one')
  const two = progress.track('two')
  assert.equal(progress.stuck, [], 'who has not begun is not late')
  one.beat(5_000)
  two.beat(60_000)
  await clock.runUntil(15_000)
  assert.equal(progress.stuck, [])
  await clock.runUntil(15_001)
  assert.equal(progress.stuck, ['one'])
  one.beat(1_000)
  assert.equal(progress.stuck, [])
  await clock.runUntil(100_000)
  assert.equal(progress.stuck, ['one', 'two'])
  one.end()
  assert.equal(progress.stuck, ['two'])
})

test('a second track of a name follows the first', async () => {
  const clock = new FakeClock()
  const progress = new Progress(clock)
  progress.track('life').beat(0)
  progress.track('life').beat(50_000)
  await clock.runUntil(20_000)
  assert.equal(progress.stuck, [])
})

test.run()
