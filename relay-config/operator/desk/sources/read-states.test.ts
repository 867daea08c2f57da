import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { readStates } from './read-states.ts'

const test = suite('what a relay tells a technician')
const NOW = 2_000_000_000_000
const line = (rest: string) => `device=osaka port=20101 now=1000 ${rest}\n`

test('times are ages by the clock of the relay', () => {
  const [told] = readStates(line('access=on open=yes state=ready proved=970 reported=990'), NOW) ?? []
  assert.equal(told, {
    ...{ device: 'osaka', port: 20101, state: 'ready', off: undefined },
    ...{ provedAtMs: NOW - 30_000, reportedAtMs: NOW - 10_000 },
  })
})

test('without a listener, what the device said last is over', () => {
  const state = (rest: string) => readStates(line(rest), NOW)?.[0]?.state
  assert.is(state('access=on open=no state=ready proved=970 reported=990'), 'away')
  assert.is(state('access=on open=no state=- proved=- reported=-'), 'never')
  assert.is(state('access=on open=yes state=- proved=- reported=-'), 'unknown')
})

test('says who switched access off, until when and why, and shows no control character', () => {
  const [told] =
    readStates(
      line(
        'access=off open=no state=maintenance proved=- reported=990 off=900 until=- by=ops reason=site reason=x \u202e',
      ),
      NOW,
    ) ?? []
  assert.is(told?.state, 'maintenance')
  assert.match(told?.off ?? '', /^off since .* UTC, switched off by ops, until it is switched on: site reason=x \?$/)
})

test('what is no such answer is not taken for one', () => {
  assert.equal(readStates('', NOW), [])
  assert.equal(readStates(`${line('access=on open=yes state=- proved=- reported=-')}and 7 more\n`, NOW)?.length, 1)
  for (const text of ['osaka: access is on, and …\n', 'device=x\n', 'This key opens consoles\n'])
    assert.is(readStates(text, NOW), undefined)
})

test.run()
