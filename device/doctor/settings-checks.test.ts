import * as assert from 'uvu/assert'
import { NO_RECORD, type SettingsOutcome, withOutcome } from '../../formats/settings-record.ts'
import { suite } from '../../testbed/suite.ts'
import { findingsOn } from './settings-checks.ts'

const test = suite('doctor: settings from afar')

const after = (result: SettingsOutcome['result'], serial: number | null, detail = '') =>
  withOutcome(NO_RECORD, { at: 0, digest: '', serial, result, detail })
const TRUST = { serial: 7, signers: ['s'] }
const shown = (...args: Parameters<typeof findingsOn>) =>
  findingsOn(...args).map(({ result, detail }) => `${result} ${detail}`)

test('says nothing where there is nothing to say', () => {
  assert.equal(shown(undefined, { serial: 0, signers: [] }, false), [])
})

test('says what the last document came to', () => {
  assert.equal(shown(undefined, TRUST, true), ['ok number 7'])
  assert.equal(shown(after('in-force', 7), TRUST, true), ['ok number 7'])
  assert.equal(shown(after('confirmed', 7), TRUST, true), ['ok number 7'])
  assert.equal(shown(after('refused', null, 'x: is not signed\nmore'), { serial: 0, signers: [] }, true), [
    'warning the last document: nothing of it took effect: x: is not signed',
  ])
  assert.equal(shown(after('undone', 7, 'no proof within 10 min'), TRUST, true), [
    'warning the last document (number 7): its connectivity was not proved, and the one before is back: no proof within 10 min',
  ])
})

test('names a trial, and a program that is missing', () => {
  const trial = { serial: 7, phase: 'waiting', since: 0, cause: 'somebody is in' } as const
  assert.equal(shown({ ...after('trial', 7), trial }, TRUST, false), [
    'warning age is not installed: a document with secrets is refused',
    'warning the connectivity of number 7 is not decided: somebody is in',
  ])
})

test.run()
