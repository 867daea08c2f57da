import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { renderAuthorizedKeys, technicianCommand } from './authorized-keys.ts'
import { FLEET, KEY } from './testing/two-relays.ts'

const test = suite('rendered authorized_keys')
const deviceKeys = new Map(FLEET.devices.map(({ name }) => [name, `ssh-ed25519 RELAY-KEY-OF-${name}`]))
const TECHNICIAN_COMMAND = 'command="exec .oobm/oobm-technician-command .oobm/state tokyo:20100,20101:+"'

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

test('names the consoles of which a technician may be told, all or some, and none that make the line too long', () => {
  const [relay] = FLEET.relays
  const [device] = FLEET.devices
  const [alice] = FLEET.technicians
  const [console] = device?.consoles ?? []
  assert.ok(relay && device && alice && console)
  const commandFor = (count: number, changes: object, sparePorts: string[] = []) => {
    const consoles = Array.from({ length: count }, (_, index) => ({ ...console, name: `sw${index}` }))
    const fleet = { ...FLEET, devices: [{ ...device, consoles, sparePorts }] }
    const technician = { ...alice, consoles: 'all' as const, shells: [], admins: [], ...changes }
    return technicianCommand(fleet, relay, technician).split(' ').slice(3)
  }
  assert.equal(commandFor(2, {}), ['tokyo:20101:+'])
  assert.equal(commandFor(2, {}, ['1.4']), ['tokyo:20101:sw0,sw1'], 'what is at a spare port needs the shell')
  assert.equal(commandFor(2, { shells: 'all' }, ['1.4']), ['tokyo:20100,20101:+'])
  assert.equal(commandFor(3, { consoles: ['sw0', 'sw2'] }), ['tokyo:20101:sw0,sw2'])
  assert.equal(commandFor(1, { consoles: [], shells: 'all' }), ['tokyo:20100'])
  const many = Array.from({ length: 20_000 }, (_, index) => `sw${index}`)
  assert.equal(commandFor(20_001, { consoles: many }), ['tokyo:20101'])
})

test.run()
