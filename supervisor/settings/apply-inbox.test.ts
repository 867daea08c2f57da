import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { NO_RECORD, type SettingsOutcome, type SettingsRecord, withOutcome } from '../../formats/settings-record.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { answerOf, applyInbox } from './apply-inbox.ts'

const test = suite('apply inbox')

const FILE = 'relay-0123456789abcdef.settings'
const NOW = 1_700_000_000_000
const digest = (n: number) => String(n).padStart(64, '0')
const outcome = (n: number, result: SettingsOutcome['result'], detail = ''): Omit<SettingsOutcome, 'id'> => {
  return { at: NOW - 5_000, digest: digest(n), serial: n, result, detail }
}
const recordOf = (serial: number, ...outcomes: Omit<SettingsOutcome, 'id'>[]): SettingsRecord =>
  outcomes.reduce(withOutcome, { ...NO_RECORD, serial })

test('says of a document what the record says, and of an unknown one what came last', () => {
  const record = recordOf(
    9,
    outcome(7, 'in-force'),
    outcome(9, 'partly', 'connectivity: no'),
    outcome(8, 'refused', `${FILE}:4: a\n${FILE}: b`),
  )
  const said = (n: number | undefined) => {
    const { digest, state, serial, accepted, sinceS, cause } =
      answerOf(record, n === undefined ? n : String(n).padStart(64, '0'), NOW) ?? {}
    return [Number(digest), state, serial, accepted, sinceS, cause]
  }
  assert.equal(said(7), [7, 'refused', 7, 9, 0, 'serial 9 has replaced it'])
  assert.equal(said(9), [9, 'partly', 9, 9, 5, 'connectivity: no'])
  assert.equal(said(8), [8, 'refused', 8, 9, 0, 'serial 9 has replaced it'])
  assert.equal(said(5), [8, 'refused', 8, 9, 5, 'line 4: a; b'])
  assert.equal(said(undefined), [8, 'refused', 8, 9, 5, 'line 4: a; b'])
  assert.is(answerOf(NO_RECORD, digest(1), NOW), undefined)
})

test('a document that came twice is in force, whatever became of the second', () => {
  const record = recordOf(7, outcome(7, 'confirmed'), outcome(7, 'refused', 'not newer'))
  assert.is(answerOf(record, digest(7), NOW)?.state, 'applied')
})

test('says what a trial waits for, and how long it lasts; after it, how it ended', () => {
  const trial = { serial: 7, since: NOW - 60_000, cause: 'somebody is in' }
  const running = { ...recordOf(7, outcome(7, 'trial')), trial: { ...trial, phase: 'waiting' as const } }
  assert.equal(
    [answerOf(running, digest(7), NOW)].map(answer => [answer?.state, answer?.sinceS, answer?.cause]),
    [['trial', 60, 'not installed yet: somebody is in']],
  )
  const installed = { ...running, trial: { ...trial, phase: 'trial' as const, cause: 'a proof' } }
  assert.is(answerOf(installed, digest(7), NOW)?.cause, 'waits for a proof')
  const over = withOutcome({ ...running, trial: null }, outcome(7, 'undone', 'no proof within 10 min'))
  assert.equal(
    [answerOf(over, digest(7), NOW)].map(answer => [answer?.state, answer?.cause]),
    [['reverted', 'no proof within 10 min']],
  )
})

test('puts a document into the folder whole, for its owner alone; without the folder it says what is missing', async context => {
  const directory = await scratchDirectory(context)
  const spool = join(directory, 'spool')
  const inbox = applyInbox({ OOBM_SETTINGS_SPOOL: spool, OOBM_SETTINGS_RECORD: join(directory, 'none') }, () => NOW)
  assert.match(
    String(await inbox.put(digest(1), Buffer.from('x'), 'relay')),
    /^the software of this device does not know signed settings$/,
  )
  await mkdir(spool)
  assert.is(await inbox.put(digest(1), Buffer.from('a document'), 'address'), undefined)
  assert.equal(await readdir(spool), ['address-0000000000000000.settings'])
  const path = join(spool, 'address-0000000000000000.settings')
  assert.equal([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777], ['a document', 0o600])
  assert.is(await inbox.look(digest(1)), undefined)
})

test.run()
