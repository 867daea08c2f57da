import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Activity } from '../ssh/connection.ts'
import { ScriptedConnection } from '../ssh/testing/scripted-connection.ts'
import { bulkFlows } from './bulk.ts'
import { FakeClock } from './testing/fake-clock.ts'

const test = suite('bulk')

/** What a second of this activity is taken for. */
async function flows(before: Partial<Activity>, after: Partial<Activity>, signal = new AbortController().signal) {
  const clock = new FakeClock()
  const connection = new ScriptedConnection()
  const idle = connection.active
  connection.active = { ...idle, ...before }
  clock.at(999, () => {
    connection.active = { ...idle, ...after }
  })
  const asking = bulkFlows(connection, clock, signal)
  await clock.runUntil(10_000)
  return asking
}

test('bytes in either direction count, and those of before do not', async () => {
  assert.not(
    await flows({ receivedBytes: 1e9, sentBytes: 1e9 }, { receivedBytes: 1e9 + 4_096, sentBytes: 1e9 + 4_096 }),
  )
  assert.ok(await flows({ receivedBytes: 1e9 }, { receivedBytes: 1e9 + 8_193 }))
  assert.ok(await flows({ sentBytes: 5 }, { sentBytes: 8_198 }))
  assert.ok(await flows({}, { receivedBytes: 4_097, sentBytes: 4_096 }))
})

test('what waits to be sent is enough, before and after', async () => {
  assert.ok(await flows({ unsentBytes: 32_769 }, {}))
  assert.ok(await flows({}, { unsentBytes: 32_769 }))
  assert.not(await flows({ unsentBytes: 32_768 }, { unsentBytes: 32_768 }))
})

test('does not wait when aborted before', async () => {
  const clock = new FakeClock()
  assert.not(await bulkFlows(new ScriptedConnection(), clock, AbortSignal.abort()))
  assert.is(clock.sleeping, 0)
})

test.run()
