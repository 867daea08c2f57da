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
    ...{ uplink: undefined, consoles: [] },
  })
})

test('without a listener, what the device said last is over', () => {
  const state = (rest: string) => readStates(line(rest), NOW)?.[0]?.state
  assert.is(state('access=on open=no state=ready proved=970 reported=990'), 'away')
  assert.is(state('access=on open=no state=- proved=- reported=-'), 'never')
  assert.is(state('access=on open=yes state=- proved=- reported=-'), 'unknown')
})

test('tells by what the tunnel goes, and who is on a console, since when', () => {
  const head = line('access=on open=yes state=ready proved=970 reported=990 uplink=wlan0 kind=wifi signal=-61')
  const console = (rest: string) => `console=sw1 device=osaka ${rest}\n`
  const read = (rest: string) => readStates(head + console(rest), NOW)?.[0]
  const told = read('open=yes output=995 who=alice:types:900,bob:watches:- cause=')
  assert.equal(told?.uplink, { name: 'wlan0', kind: 'wifi', signalDbm: -61 })
  assert.equal(told?.consoles, [
    {
      ...{ name: 'sw1', open: true, cause: '', outputAtMs: NOW - 5_000 },
      who: [
        { name: 'alice', types: true, sinceMs: NOW - 100_000 },
        { name: 'bob', types: false, sinceMs: NOW },
      ],
    },
  ])
  const closed = read('open=no output=- who=- cause=no adapter: cause=x device=tokyo')?.consoles[0]
  assert.equal([closed?.open, closed?.cause], [false, 'no adapter: cause=x device=tokyo'])
  assert.is(read('open=- output=990 who=- cause=')?.consoles[0]?.open, undefined)
  assert.is(readStates(`${head}${console('open=yes output=- who=- cause=')}and more\n`, NOW)?.length, 1)
  const away = line('access=on open=no state=ready proved=970 reported=990 uplink=eth0 kind=- signal=-')
  assert.is(readStates(away, NOW)?.[0]?.uplink, undefined, 'what it said before it went is over')
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
