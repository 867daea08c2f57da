import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeAlerts } from './alerts.ts'

const test = suite('alerts command')

test('the latest is last, with its count, since when, and who typed', () => {
  const at = (time: string) => Date.parse(`2026-11-26T${time}Z`)
  assert.equal(
    describeAlerts([
      { console: 'c', rule: 'ios-memory', since: at('04:21:02'), at: at('04:31:15'), count: 340 },
      { console: 'c', rule: 'ios-fan', since: at('04:20:07'), at: at('04:20:07'), count: 1, typist: 'alice' },
    ]),
    [
      '2026-11-26 04:20:07 UTC  ios-fan     once  after input by alice',
      '2026-11-26 04:31:15 UTC  ios-memory  340 times  since 2026-11-26 04:21:02 UTC',
    ],
  )
})

test.run()
