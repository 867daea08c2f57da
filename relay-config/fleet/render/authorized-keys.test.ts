import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { renderAuthorizedKeys } from './authorized-keys.ts'
import { FLEET, KEY } from './testing/two-relays.ts'

const test = suite('rendered authorized_keys')
const deviceKeys = new Map(FLEET.devices.map(({ name }) => [name, `ssh-ed25519 RELAY-KEY-OF-${name}`]))
const TECHNICIAN_COMMAND = 'command="exec .oobm/oobm-technician-command .oobm/state tokyo:20100,20101"'

test('gives a device its two listeners, its way back and its forced command; a technician what they were given; nobody more', () => {
  const [fra, lon] = FLEET.relays
  assert.ok(fra && lon)
  assert.is(
    renderAuthorizedKeys(FLEET, fra, deviceKeys),
    `${[
      'restrict,port-forwarding,permitlisten="127.0.0.1:20100",permitlisten="127.0.0.1:20101",permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",command="exec .oobm/oobm-device-command tokyo" ssh-ed25519 RELAY-KEY-OF-tokyo oobm-device:tokyo',
      `restrict,port-forwarding,permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",permitlisten="127.0.0.1:1",${TECHNICIAN_COMMAND} ${KEY[1]} oobm-technician:alice`,
      `restrict,port-forwarding,permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",permitlisten="127.0.0.1:1",${TECHNICIAN_COMMAND} ${KEY[2]} oobm-technician:alice`,
    ].join('\n')}\n`,
  )
  assert.is(
    renderAuthorizedKeys(FLEET, lon, deviceKeys)
      .split('\n')
      .map(line => line.replace(/,command=.* /, ' '))
      .join('\n'),
    `${[
      'restrict,port-forwarding,permitlisten="127.0.0.1:20100",permitlisten="127.0.0.1:20101",permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101" oobm-device:tokyo',
      'restrict,port-forwarding,permitlisten="127.0.0.1:20102",permitlisten="127.0.0.1:20103",permitopen="127.0.0.1:20102",permitopen="127.0.0.1:20103" oobm-device:osaka',
      'restrict,port-forwarding,permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",permitopen="127.0.0.1:20103",permitlisten="127.0.0.1:1" oobm-technician:alice',
      'restrict,port-forwarding,permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",permitopen="127.0.0.1:20103",permitlisten="127.0.0.1:1" oobm-technician:alice',
      'restrict,port-forwarding,permitopen="127.0.0.1:20103",permitlisten="127.0.0.1:1" oobm-technician:bob',
    ].join('\n')}\n`,
  )
})

test.run()
