import * as assert from 'uvu/assert'
import { deviceConfigSchema, intervalsOf } from '../../../formats/device-config.ts'
import { suite } from '../../../testbed/suite.ts'
import { renderDeviceConfig } from './device-config.ts'
import { FLEET, fleetOf, KEY } from './testing/two-relays.ts'

const test = suite('rendered device configuration')

test('gives a device its relays in order, and who may do what on it', () => {
  const [tokyo, osaka] = FLEET.devices
  assert.ok(tokyo && osaka)
  const config = renderDeviceConfig(FLEET, tokyo, KEY[0] ?? '')
  assert.equal(config, {
    version: 1,
    device: 'tokyo',
    listenerPort: 20100,
    relays: [
      { host: 'fra.example.net', port: 443, user: 'oobm', hostKeys: [KEY[0]] },
      { host: 'lon.example.net', port: 8443, user: 'ec2-user', hostKeys: [KEY[0]] },
    ],
    consoles: [
      { name: 'sw1', path: '/dev/ttyUSB0', baudRate: 115200 },
      { name: 'rt1', path: '/dev/ttyUSB1' },
    ],
    technicians: [{ name: 'alice', keys: [KEY[1], KEY[2]], role: 'operator', consoles: ['sw1', 'rt1'], shell: true }],
    bridge: { port: 2300, hostKey: KEY[0] },
    led: { backend: 'none' },
  })
  assert.ok(deviceConfigSchema.safeParse(config).success)
  assert.equal(
    renderDeviceConfig(FLEET, osaka, KEY[0] ?? '').technicians?.map(({ name, role, shell }) => [name, role, shell]),
    [
      ['alice', 'operator', false],
      ['bob', 'observer', false],
    ],
  )
})

test('gives a device the profile of the file, and none if the file has none: older devices do not know it', () => {
  const device = (name: string, port: number, more = '') => `[[devices]]\nname = "${name}"\nport = ${port}\n${more}`
  const cellular = 'profile = "cellular"\n[devices.intervals]\nprobe_s = 700\n'
  const fleet = fleetOf(`${device('tokyo', 20100, cellular)}${device('osaka', 20102)}`)
  const [tokyo, osaka] = fleet.devices.map(one => renderDeviceConfig(fleet, one, KEY[0] ?? ''))
  assert.equal([tokyo?.profile, tokyo?.intervals], ['cellular', { probeS: 700 }])
  assert.not('profile' in (osaka ?? {}))
  const { keepaliveS, probeS } = intervalsOf(deviceConfigSchema.parse(tokyo))
  assert.equal([keepaliveS, probeS], [60, 700], 'what is named counts, whatever the profile is')
})

test('hands on the keys of a person, and none if the file has none: older devices do not know them', () => {
  const technician = (name: string, key: number, more = '') =>
    `[[technicians]]\nname = "${name}"\nkeys = ["${KEY[key]}"]\nconsoles = []\nshells = "all"\n${more}`
  const fleet = fleetOf(
    `[[devices]]\nname = "tokyo"\nport = 20100\n${technician('alice', 1, 'escape_set = "conserver"\n')}${technician('bob', 2)}`,
  )
  const [alice, bob] = fleet.devices.flatMap(
    device => renderDeviceConfig(fleet, device, KEY[0] ?? '').technicians ?? [],
  )
  assert.is(alice?.escapeSet, 'conserver')
  assert.not('escapeSet' in (bob ?? {}))
})

test('gives an administrator of a device its shell, and root on that device only', () => {
  const device = (name: string) => `[[devices]]\nname = "${name}"\nport = ${name === 'tokyo' ? 20100 : 20102}\n`
  const technician = `[[technicians]]\nname = "alice"\nkeys = ["${KEY[1]}"]\nconsoles = []\nadmins = ["tokyo"]\n`
  const fleet = fleetOf(`${device('tokyo')}${device('osaka')}${technician}`)
  const [tokyo, osaka] = fleet.devices.map(device => renderDeviceConfig(fleet, device, KEY[0] ?? '').technicians)
  assert.equal(
    tokyo?.map(({ name, shell, admin }) => [name, shell, admin]),
    [['alice', true, true]],
  )
  assert.equal(osaka, [])
})

test.run()
