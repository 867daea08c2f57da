import * as assert from 'uvu/assert'
import { deviceConfigSchema } from '../../runtime/device-config.ts'
import { suite } from '../../tools/suite.ts'
import { type Fleet, parseFleet } from '../fleet-config.ts'
import { renderAuthorizedKeys } from './authorized-keys.ts'
import { renderDeviceConfig } from './device-config.ts'
import { renderFiles } from './rendered-files.ts'
import { renderHostBlock, renderSshConfig } from './ssh-config.ts'
import { renderSshdConfig } from './sshd-config.ts'

const test = suite('rendered texts')
const KEY = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICqRfR+jSmSXMbDDDXSsVCPGBlbvKZTyDz7RXqMoxWLf',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB2r34QoDiQTgVM0S1VlSGOnMKLj0lxqpvgtIbLQXVzs',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDj5w6MUh7+K0oUWh0DGxwgKvzkCEcpz+rkfvkj2tq0I',
]
const WORD = '#!/bin/sh\n'

/** Two relays; tokyo on both with two consoles, osaka on the second alone. */
const FLEET = fleetOf(`
[[devices]]
name = "tokyo"
port = 20100
shell_user = "pi"
consoles = [{ name = "sw1", path = "/dev/ttyUSB0", baud_rate = 115200 }, { name = "rt1", path = "/dev/ttyUSB1" }]
led = { backend = "none" }
bridge = { port = 2300 }

[[devices]]
name = "osaka"
port = 20102
relays = ["lon"]
consoles = [{ name = "sw2", path = "/dev/ttyUSB0" }]

[[technicians]]
name = "alice"
keys = ["${KEY[1]}", "${KEY[2]}"]
consoles = "all"
shells = ["tokyo"]

[[technicians]]
name = "bob"
keys = ["${KEY[3]}"]
role = "observer"
consoles = ["sw2"]

[[technicians]]
name = "carol"
keys = ["ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBN"]
consoles = []
`)

function fleetOf(text: string): Fleet {
  const carol =
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg='
  return parseFleet(
    'fleet.toml',
    `version = 1
[[relays]]
name = "fra"
host = "fra.example.net"
user = "oobm"
host_keys = ["${KEY[0]}"]
[[relays]]
name = "lon"
host = "lon.example.net"
port = 8443
user = "ec2-user"
directory = "/srv/oobm"
host_keys = ["${KEY[0]}"]
${text.replace(/ecdsa.*?(?=")/, carol)}`,
  )
}

const deviceKeys = new Map(FLEET.devices.map(({ name }) => [name, `ssh-ed25519 RELAY-KEY-OF-${name}`]))
const allKeys = new Map(
  FLEET.devices.map(({ name }) => [name, { relay: `relay ${name}`, shell: `shell ${name}`, bridge: `bridge ${name}` }]),
)
const TECHNICIAN_COMMAND =
  'command="echo This key opens consoles by way of the relay, and runs nothing on it. Use the ssh_config that came with it.; exit 1"'

test('gives a device its two listeners, its way back and its words; a technician what was given to him; nobody more', () => {
  const [fra, lon] = FLEET.relays
  assert.ok(fra && lon)
  assert.is(
    renderAuthorizedKeys(FLEET, fra, deviceKeys),
    `${[
      'restrict,port-forwarding,permitlisten="127.0.0.1:20100",permitlisten="127.0.0.1:20101",permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",command="exec .oobm/oobm-device-word tokyo" ssh-ed25519 RELAY-KEY-OF-tokyo oobm-device:tokyo',
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

test('makes each console and shell a host, the plain name by way of the first relay', () => {
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
      'oobm-relay-fra fra.example.net 443 oobm oobm-relay-fra ',
      'oobm-relay-lon lon.example.net 8443 ec2-user oobm-relay-lon ',
      'tokyo 127.0.0.1 20100 pi tokyo oobm-relay-fra',
      'sw1 127.0.0.1 20101 sw1 sw1 oobm-relay-fra',
      'rt1 127.0.0.1 20101 rt1 rt1 oobm-relay-fra',
      'tokyo.lon 127.0.0.1 20100 pi tokyo oobm-relay-lon',
      'sw1.lon 127.0.0.1 20101 sw1 sw1 oobm-relay-lon',
      'rt1.lon 127.0.0.1 20101 rt1 rt1 oobm-relay-lon',
      'sw2 127.0.0.1 20103 sw2 sw2 oobm-relay-lon',
    ],
  )
  assert.match(text, /^#[^\n]*\n#[^\n]*\nIgnoreUnknown WarnWeakCrypto\n\nHost /)
})

test('writes a console’s host with all that it needs', () => {
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
      isBridge: true,
    }),
    `Host sw1 console
  HostName 127.0.0.1
  Port 20101
  User sw1
  HostKeyAlias sw1
  ProxyJump oobm-relay-fra
  UserKnownHostsFile "/tmp/my lab/100%%/known_hosts"
  StrictHostKeyChecking yes
  IdentityFile "/tmp/key"
  IdentitiesOnly yes
  RequestTTY auto
  EscapeChar ~
  WarnWeakCrypto no-pq-kex
  ForwardAgent no
  ServerAliveInterval 15
  ServerAliveCountMax 3
`,
  )
})

test('writes everything, and for each relay and technician apart', () => {
  const files = renderFiles(FLEET, allKeys, WORD, { knownHostsFile: '~/k' })
  assert.equal([...files.keys()].sort(), [
    'relay/fra/authorized_keys',
    'relay/fra/install',
    'relay/fra/oobm-device-word',
    'relay/fra/sshd_config',
    'relay/lon/authorized_keys',
    'relay/lon/install',
    'relay/lon/oobm-device-word',
    'relay/lon/sshd_config',
    'technicians/alice/config',
    'technicians/alice/known_hosts',
    'technicians/bob/config',
    'technicians/bob/known_hosts',
    'technicians/carol/config',
    'technicians/carol/known_hosts',
  ])
  assert.is(
    files.get('technicians/alice/known_hosts')?.content,
    `oobm-relay-fra ${KEY[0]}\noobm-relay-lon ${KEY[0]}\ntokyo shell tokyo\nsw1 bridge tokyo\nrt1 bridge tokyo\nsw2 bridge osaka\n`,
  )
  assert.is(files.get('technicians/bob/known_hosts')?.content, `oobm-relay-lon ${KEY[0]}\nsw2 bridge osaka\n`)
  assert.is(files.get('technicians/carol/known_hosts')?.content, '')
})

test('tells a device its relays in order, and who may do what on it', () => {
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

test('an administrator of a device has its shell, and the right to become root there alone', () => {
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

test('demands of sshd what no key can say', () => {
  const [fra] = FLEET.relays
  assert.ok(fra)
  assert.equal(
    renderSshdConfig(fra)
      .split('\n')
      .filter(line => line !== '' && !/^\s*#/.test(line)),
    [
      'Match User oobm',
      '  AllowTcpForwarding yes',
      '  AllowStreamLocalForwarding no',
      '  GatewayPorts no',
      '  PermitTunnel no',
      '  ClientAliveInterval 15',
      '  ClientAliveCountMax 3',
    ],
  )
})

test.run()
