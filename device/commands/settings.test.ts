import * as assert from 'uvu/assert'
import { paintFor } from '../../cli/paint.ts'
import { newKeyPair } from '../../formats/private-key.ts'
import type { PollStatus } from '../../formats/settings-poll.ts'
import { NO_RECORD, type SettingsRecord, withOutcome } from '../../formats/settings-record.ts'
import { fingerprint } from '../../formats/ssh-key.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { suite } from '../../testbed/suite.ts'
import { describePolled, describeSettings } from './settings.ts'

const test = suite('oobm settings')

const NOW = 1_000_000_000
const KEY = newKeyPair('x').publicKey
const lines = (record: SettingsRecord, trust: { serial: number; signers: string[] }) =>
  describeSettings(record, trust, NOW, paintFor({ isTTY: false } as NodeJS.WriteStream)).join('\n')

test('a device that was never set from afar says so, and what it lacks', () => {
  const text = lines(NO_RECORD, { serial: 0, signers: [] })
  assert.match(text, /^serial number +0: no settings from afar so far$/m)
  assert.match(text, /^signers +none: no document can be verified$/m)
  assert.match(text, /^on trial +nothing$/m)
  assert.match(text, /^refused +0$/m)
})

test('shows the trial with its age, and the last documents and refusals, newest first', () => {
  let record: SettingsRecord = {
    ...NO_RECORD,
    trial: { serial: 8, phase: 'trial', since: NOW - 120_000, next: '', cause: 'a proof through the new settings' },
  }
  const add = (serial: number | null, result: 'refused' | 'trial' | 'in-force', detail = '') => {
    record = withOutcome(record, { at: NOW - 3_600_000, digest: '', serial, result, detail })
  }
  add(7, 'in-force')
  for (let at = 0; at < 40; at++) add(null, 'refused', `reason ${at}\u001b[31m\nmore`)
  add(8, 'trial')
  const text = lines(record, { serial: 8, signers: [KEY] })
  assert.match(text, `signers        ${fingerprint(KEY)}`)
  assert.match(text, /on trial +connectivity of number 8, installed 2 min ago; waits for: a proof through/)
  assert.match(text, /^refused +40$/m)
  assert.match(text, /The last documents\n +1 h ago +number 8 .*\n +1 h ago +number 7 +all of it is in force\n/)
  assert.match(text, /The last refusals\n +1 h ago +- +reason 39/)
  assert.not.match(text, '\u001b')
  assert.not.match(text, 'more')
})

test('refusals never push other outcomes out of the record', () => {
  let record = NO_RECORD
  record = withOutcome(record, { at: 0, digest: '', serial: 1, result: 'in-force', detail: '' })
  for (let at = 0; at < 100; at++)
    record = withOutcome(record, { at, digest: '', serial: null, result: 'refused', detail: '' })
  assert.is(record.outcomes[0]?.serial, 1)
  assert.is(record.outcomes.length, 17)
  assert.equal([record.refused, record.outcomes.at(-1)?.id], [100, 101])
})

test('shows the last look at the address that is polled, with its age and cause', () => {
  const { bootId, uptimeMs } = heartbeatNow()
  const look = { version: 1, url: 'https://x.example.net/a', at: { bootId, uptimeMs: uptimeMs - 180_000 } } as const
  const shown = (rest: Pick<PollStatus, 'result' | 'cause'>) =>
    describePolled({ ...look, ...rest }, paintFor({ isTTY: false } as NodeJS.WriteStream)).slice(-2)
  assert.equal(shown({ result: 'failed', cause: 'the server answers 404' }), [
    '  https://x.example.net/a',
    '  3 min ago: the server answers 404',
  ])
  assert.match(shown({ result: 'unchanged', cause: '' }).join(), '3 min ago: nothing new')
})

test.run()
