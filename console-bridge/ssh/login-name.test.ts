import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { technicianOf } from './authorize.ts'
import { chooseConsole, describeNoConsole, parseLogin } from './login-name.ts'

const test = suite('login names')

test('takes a login name apart at its first colon', () => {
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

test('chooses a console only among the allowed, and "console" only where there is one', () => {
  for (const [wanted, allowed, chosen] of CHOICES) assert.is(chooseConsole(wanted, allowed), chosen, wanted)
})

test('says in words which names would do', () => {
  assert.match(describeNoConsole('sw3', ['sw1', 'sw2']), 'no console "sw3" for you')
  assert.match(describeNoConsole('console', ['sw1', 'sw2']), 'one of these names: sw1, sw2')
  assert.match(describeNoConsole('sw3', []), 'no console of this device is yours')
})

test('lets the key decide who somebody is; a name before the colon must be the same', () => {
  const key = (blob: string) => `ssh-ed25519 ${Buffer.from(blob).toString('base64')}`
  const technicians = [
    { name: 'alice', keys: [key('a1'), key('a2')], role: 'operator' as const, consoles: undefined },
    { name: 'bob', keys: [key('b1')], role: 'observer' as const, consoles: undefined },
  ]
  const who = (login: string, blob: string) => technicianOf(technicians, login, Buffer.from(blob))?.name
  assert.is(who('sw1', 'a2'), 'alice')
  assert.is(who('alice:sw1', 'a1'), 'alice')
  assert.is(who('bob:sw1', 'a1'), undefined)
  assert.is(who(':sw1', 'a1'), undefined)
  assert.is(who('alice:sw1', 'nobody'), undefined)
  assert.is(who('sw1', 'nobody'), undefined)
})

test.run()
