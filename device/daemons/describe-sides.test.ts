import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeSides } from './describe-sides.ts'

const test = suite('describe sides')

test('shows each address with its side, and no link-local one of the uplink side', () => {
  const local = { prefixLength: 64, side: 'local', why: 'link-local, and eth1 has the role static' } as const
  const uplink = { prefixLength: 24, side: 'uplink', why: 'whoever is there may come by eth0' } as const
  const addresses = [
    { interface: 'eth0', address: '192.0.2.7', ...uplink },
    { interface: 'eth0', address: 'fe80::1', ...uplink },
    { interface: 'eth1', address: 'fe80::2', ...local },
  ]
  assert.equal(describeSides({ version: 1, at: '2026-01-31T23:59:59Z', addresses }), [
    '',
    'addresses',
    '  192.0.2.7 on eth0: uplink, whoever is there may come by eth0',
    '  fe80::2 on eth1: local, link-local, and eth1 has the role static',
  ])
  assert.equal(describeSides(undefined), [])
})

test.run()
