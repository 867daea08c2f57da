import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { identityOf } from './authorize.ts'

const test = suite('identities')
const NO_HOP = { viaRelay: [], hopKeys: [] }

test('identifies a person by the key; a name before the colon must match', () => {
  const technicians = [
    { ...NO_HOP, name: 'alice', keys: [key('a1'), key('a2')], role: 'operator' as const, consoles: undefined },
    { ...NO_HOP, name: 'bob', keys: [key('b1')], role: 'observer' as const, consoles: undefined },
  ]
  const who = (login: string, blob: string) => identityOf(technicians, login, Buffer.from(blob))?.name
  assert.is(who('sw1', 'a2'), 'alice')
  assert.is(who('alice:sw1', 'a1'), 'alice')
  assert.is(who('bob:sw1', 'a1'), undefined)
  assert.is(who(':sw1', 'a1'), undefined)
  assert.is(who('alice:sw1', 'nobody'), undefined)
  assert.is(who('sw1', 'nobody'), undefined)
})

const key = (blob: string) => `ssh-ed25519 ${Buffer.from(blob).toString('base64')}`

test('accepts a hop key only for its technician and their consoles', () => {
  const technicians = [
    {
      name: 'alice',
      keys: [key('a')],
      role: 'operator' as const,
      consoles: undefined,
      viaRelay: ['sw1', 'sw2'],
      hopKeys: [key('ha')],
    },
    {
      name: 'olga',
      keys: [key('o')],
      role: 'observer' as const,
      consoles: ['sw2'],
      viaRelay: ['sw2', 'sw3'],
      hopKeys: [key('ho'), key('ho2')],
    },
    { ...NO_HOP, name: 'bob', keys: [key('b')], role: 'operator' as const, consoles: undefined },
    { ...NO_HOP, name: 'local', keys: [key('l')], role: 'operator' as const, consoles: undefined },
  ]
  const CASES: [login: string, blob: string, who: string | undefined][] = [
    ['alice:sw1', 'ha', 'alice operator sw1 relay'],
    ['alice:sw2', 'ha', 'alice operator sw2 relay'],
    ['olga:sw2', 'ho2', 'olga observer sw2 relay'],
    ['olga:sw3', 'ho', undefined],
    ['alice:sw3', 'ha', undefined],
    ['alice:console', 'ha', undefined],
    ['alice:', 'ha', undefined],
    ['alice', 'ha', undefined],
    ['sw1', 'ha', undefined],
    [':sw1', 'ha', undefined],
    ['', 'ha', undefined],
    ['alice:sw1:sw2', 'ha', undefined],
    ['olga:sw2', 'ha', undefined],
    ['bob:sw1', 'ha', undefined],
    ['local:sw1', 'ha', undefined],
    ['relay:sw1', 'ha', undefined],
    ['nobody:sw1', 'ha', undefined],
    ['alice:sw1', 'ho', undefined],
    ['alice:sw1', 'a', 'alice operator undefined undefined'],
    ['alice:sw1', 'unknown', undefined],
  ]
  for (const [login, blob, who] of CASES) {
    const found = identityOf(technicians, login, Buffer.from(blob))
    assert.is(found && `${found.name} ${found.role} ${found.consoles} ${found.via}`, who, `${login} with ${blob}`)
  }
})

test.run()
