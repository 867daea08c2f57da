import * as assert from 'uvu/assert'
import { deviceConfigSchema, spareConsoles } from '../../../formats/device-config.ts'
import { suite } from '../../../testbed/suite.ts'
import { technicianPorts } from './authorized-keys.ts'
import { BRIDGE, EVERY_HOST } from './client-settings.ts'
import { renderDeviceConfig } from './device-config.ts'
import { renderKnownHosts } from './known-hosts.ts'
import { renderHostBlock, renderSshConfig } from './ssh-config.ts'
import { FLEET, fleetOf, KEY } from './testing/two-relays.ts'

const test = suite('rendered ssh_config')

test('makes each console and shell a host, the plain name through the first relay', () => {
  const [alice] = FLEET.technicians
  assert.ok(alice)
  const text = renderSshConfig(FLEET, alice, { knownHostsFile: '~/.ssh/oobm/known_hosts' })
  assert.equal(
    [
      ...text.matchAll(
        /^Host (.*)\n {2}HostName (.*)\n {2}Port (.*)\n {2}User (.*)\n {2}HostKeyAlias (.*)\n(?: {2}ProxyJump (.*)\n)?/gm,
      ),
    ].map(match => match.slice(1).join(' ')),
    [
      'oobm-relay-fra oobm-relay-fra_oobm_fra.example.net_443 fra.example.net 443 oobm oobm-relay-fra ',
      'oobm-relay-lon oobm-relay-lon_ec2-user_lon.example.net_8443 lon.example.net 8443 ec2-user oobm-relay-lon ',
      'tokyo tokyo.fra 127.0.0.1 20100 pi tokyo oobm-relay-fra_oobm_fra.example.net_443',
      'sw1 sw1.fra 127.0.0.1 20101 sw1 sw1 oobm-relay-fra_oobm_fra.example.net_443',
      'rt1 rt1.fra 127.0.0.1 20101 rt1 rt1 oobm-relay-fra_oobm_fra.example.net_443',
      'tokyo.lon 127.0.0.1 20100 pi tokyo oobm-relay-lon_ec2-user_lon.example.net_8443',
      'sw1.lon 127.0.0.1 20101 sw1 sw1 oobm-relay-lon_ec2-user_lon.example.net_8443',
      'rt1.lon 127.0.0.1 20101 rt1 rt1 oobm-relay-lon_ec2-user_lon.example.net_8443',
      'sw2 127.0.0.1 20103 sw2 sw2 oobm-relay-lon_ec2-user_lon.example.net_8443',
    ],
  )
  assert.match(text, /^(#[^\n]*\n)+IgnoreUnknown [^\n]*\bWarnWeakCrypto\b[^\n]*\n\nHost /)
})

test('looks for a device of several relays at each of them, where the program is installed', () => {
  const [alice] = FLEET.technicians
  assert.ok(alice)
  const text = renderSshConfig(FLEET, alice, { knownHostsFile: '~/.ssh/my oobm 100%/known_hosts' })
  const relays = 'oobm-relay-fra_oobm_fra.example.net_443 oobm-relay-lon_ec2-user_lon.example.net_8443'
  const command = `ProxyCommand oobm-relay proxy --own-first --ssh-config '~/.ssh/my oobm 100%%/config' %h:%p ${relays}`
  const found = [...text.matchAll(/^Match (.*)\n {2}(.*)\nHost (.*)$/gm)].map(match => match.slice(1))
  assert.equal(found, [
    ...['tokyo', 'sw1', 'rt1'].map(name => [
      `originalhost ${name} exec "command -v oobm-relay"`,
      command,
      `${name} ${name}.fra`,
    ]),
    // Its only relay speaks no TLS.
    [
      'originalhost sw2 exec "test $https_proxy$HTTPS_PROXY && command -v oobm-relay"',
      command.replace(/%h:%p .*/, '%h:%p oobm-relay-lon_ec2-user_lon.example.net_8443'),
      'sw2',
    ],
  ])
})

test('logs in to a device by the technician’s own name, unless the device has a common login', () => {
  const device = (name: string, port: number, more = '') => `[[devices]]\nname = "${name}"\nport = ${port}\n${more}\n`
  const fleet = fleetOf(
    `${device('tokyo', 20100)}${device('older', 20102, 'shell_user = "oobm"')}
[[technicians]]\nname = "bob"\nkeys = ["${KEY[1]}"]\nconsoles = []\nshells = "all"`,
  )
  const [bob] = fleet.technicians
  assert.ok(bob)
  const text = renderSshConfig(fleet, bob, { knownHostsFile: '~/.ssh/oobm/known_hosts' })
  const users = [...text.matchAll(/^Host (tokyo|older) \S+\n(?: {2}.*\n)*? {2}User (.*)$/gm)].map(([, host, user]) => [
    host,
    user,
  ])
  assert.equal(users, [
    ['tokyo', 'bob'],
    ['older', 'oobm'],
  ])
})

test('makes the spare ports of a device hosts for those who have its shell, and gives them the port of its consoles', () => {
  const person = (name: string, at: number, more: string) =>
    `[[technicians]]\nname = "${name}"\nkeys = ["${KEY[at]}"]\n${more}\n`
  const fleet = fleetOf(
    `[[devices]]\nname = "tokyo"\nport = 20100\nspare_ports = ["1.1", "1.2", "1.3:1.0"]\n
[[devices.consoles]]\nname = "sw1"\nusb = "1.2"\n
${person('alice', 0, 'consoles = []\nshells = ["tokyo"]')}${person('bob', 1, 'consoles = "all"')}`,
  )
  const [alice, bob] = fleet.technicians
  const [relay] = fleet.relays
  assert.ok(alice && bob && relay)
  const files = { knownHostsFile: '~/.ssh/oobm/known_hosts' }
  assert.equal(
    [
      ...renderSshConfig(fleet, alice, files).matchAll(
        /^Host (tokyo[^ .]*-usb\S*)(?: \S+)?\n.*\n {2}Port (.*)\n {2}User (.*)$/gm,
      ),
    ].map(match => match.slice(1)),
    ['', '.lon'].flatMap(by => ['tokyo-usb1.1', 'tokyo-usb1.3-if1.0'].map(name => [`${name}${by}`, '20101', name])),
  )
  assert.equal(technicianPorts(fleet, relay, alice), [20100, 20101])
  assert.not.match(renderSshConfig(fleet, bob, files), 'usb')
  assert.equal(technicianPorts(fleet, relay, bob), [20101])
  const keysOf = () => ({ shell: 'SHELL', bridge: 'BRIDGE' })
  assert.match(renderKnownHosts(fleet, alice, keysOf), 'tokyo-usb1.1,[127.0.0.1]:20101 BRIDGE\n')
  const [device] = fleet.devices
  assert.ok(device)
  const config = deviceConfigSchema.parse(renderDeviceConfig(fleet, device, KEY[2] ?? ''))
  assert.equal(config.sparePorts, ['1.1', '1.2', '1.3:1.0'])
  assert.equal(
    spareConsoles(config).map(({ name }) => name),
    ['tokyo-usb1.1', 'tokyo-usb1.3-if1.0'],
  )
})

test('writes a console’s host with all settings that it needs', () => {
  assert.is(
    renderHostBlock({
      aliases: ['sw1', 'console'],
      hostName: '127.0.0.1',
      port: 20101,
      user: 'sw1',
      hostKeyAlias: 'sw1',
      jump: 'oobm-relay-fra',
      knownHostsFile: '/tmp/my lab/100%/known_hosts',
      identityFile: '/tmp/key',
      kind: 'console',
    }),
    `Host sw1 console
  HostName 127.0.0.1
  Port 20101
  User sw1
  HostKeyAlias sw1
  ProxyJump oobm-relay-fra
  UserKnownHostsFile "/tmp/my lab/100%%/known_hosts"
  IdentityFile "/tmp/key"
  IdentitiesOnly yes
${[...BRIDGE, ...EVERY_HOST].map(setting => `  ${setting}\n`).join('')}`,
  )
})

test('asks a relay for a terminal only if the relay gives one', () => {
  const alice = FLEET.technicians.find(({ name }) => name === 'alice')
  assert.ok(alice)
  const text = renderSshConfig(FLEET, alice, { knownHostsFile: '~/k' })
  const block = /^Host oobm-relay-fra .*\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? ''
  assert.match(block, /^ {2}RequestTTY no\n(?: {2}.*\n)* {2}RequestTTY auto$/m)
  assert.is(text.match(/RequestTTY no/g)?.length, FLEET.relays.length)
})

test.run()
