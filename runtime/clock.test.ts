import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { WallTimes } from './clock.ts'

const test = suite('wall times')

test('an instant stays the same while the clock is slewed, and as long ago as it was when the clock is set', () => {
  const time = { wall: 1_000_000, now: 5_000 }
  const times = new WallTimes({ wallMs: () => time.wall, nowMs: () => time.now })
  assert.is(times.of(4_000), 999_000)
  time.wall += 60_900
  time.now += 60_000
  assert.is(times.of(4_000), 999_000, 'slewed by less than a second')
  time.wall = 1_800_000_000_000
  assert.is(times.of(4_000), 1_800_000_000_000 - 61_000, 'set')
  time.wall -= 365 * 86_400_000
  assert.is(times.of(4_000), time.wall - 61_000, 'set back')
})

test.run()
