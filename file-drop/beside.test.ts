import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { networkOf } from './beside.ts'

const test = suite('who is beside an address')
const INTERFACES = {
  eth0: [{ address: '10.9.0.1', cidr: '10.9.0.1/24' }],
  wlan0: [
    { address: '192.0.2.7', cidr: '192.0.2.7/16' },
    { address: 'fe80::1', cidr: 'fe80::1/64' },
  ],
}

test('is who has an address of the same network', () => {
  const network = networkOf('10.9.0.1', INTERFACES)
  assert.is(network?.check('10.9.0.200'), true)
  assert.is(network?.check('10.9.1.1'), false)
  assert.is(network?.check('192.0.2.8'), false)
})

test('is nobody where no interface has it', () => {
  assert.is(networkOf('10.9.0.9', INTERFACES), undefined)
  assert.is(networkOf('fe80::1', INTERFACES), undefined)
})

test.run()
