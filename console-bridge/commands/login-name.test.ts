import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { chooseConsole, describeNoConsole, parseLogin } from './login-name.ts'

const test = suite('login names')

test('splits a login name at its first colon', () => {
  assert.equal(parseLogin('core-sw1'), { technician: undefined, console: 'core-sw1' })
  assert.equal(parseLogin('alice:core-sw1'), { technician: 'alice', console: 'core-sw1' })
  assert.equal(parseLogin(':x'), { technician: '', console: 'x' })
  assert.equal(parseLogin('a:b:c'), { technician: 'a', console: 'b:c' })
  assert.equal(parseLogin(''), { technician: undefined, console: '' })
})

const CHOICES: [wanted: string, allowed: string[], chosen: string | undefined][] = [
  ['sw1', ['sw1', 'sw2'], 'sw1'],
  ['sw3', ['sw1', 'sw2'], undefined],
  ['console', ['sw1'], 'sw1'],
  ['console', ['sw1', 'sw2'], undefined],
  ['console', ['sw1', 'console'], 'console'],
  ['console', [], undefined],
  ['sw1', [], undefined],
]

test('chooses only an allowed console; "console" works where there is one', () => {
  for (const [wanted, allowed, chosen] of CHOICES) assert.is(chooseConsole(wanted, allowed), chosen, wanted)
})

test('names the consoles that one may log in to', () => {
  assert.match(describeNoConsole('sw3', ['sw1', 'sw2']), 'you have no console "sw3"')
  assert.match(
    describeNoConsole('console', ['sw1', 'sw2']),
    'you have several consoles; log in with one of these names: sw1, sw2',
  )
  assert.match(describeNoConsole('sw3', []), 'you have no console on this device')
})

test.run()
