import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ConfigurationError } from '../../runtime/errors.ts'
import { suite } from '../../testbed/suite.ts'
import { parseFleet } from './fleet-config.ts'

const test = suite('fleet file')
const KEYS = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICqRfR+jSmSXMbDDDXSsVCPGBlbvKZTyDz7RXqMoxWLf',
]
const RELAY = [
  '[[relays]]',
  'name = "fra"',
  'host = "relay.example.net"',
  'user = "oobm"',
  `host_keys = ["${KEYS[0]}"]`,
]

/** Everything wrong in a fleet of a good relay, from line 7 on, and these lines. */
function errorsOf(...lines: string[]): string[] {
  return errorsOfText(['version = 1', ...RELAY, ...lines].join('\n'))
}

function errorsOfText(text: string): string[] {
  try {
    parseFleet('fleet.toml', text)
  } catch (err) {
    if (err instanceof ConfigurationError) return err.message.split('\n')
    throw err
  }
  return []
}

test('reads the example', () => {
  const text = readFileSync('docs/fleet.example.toml', 'utf8')
  const fleet = parseFleet('docs/fleet.example.toml', text)
  assert.equal(
    fleet.devices.map(({ name, consoles }) => [name, ...consoles.map(console => console.name)]),
    [
      ['tokyo-rack1', 'core-sw1', 'edge-rt1'],
      ['osaka-rack1', 'osaka-sw1'],
    ],
  )
})

test('fills in its own defaults, not those of the device', () => {
  const fleet = parseFleet(
    'fleet.toml',
    [
      'version = 1',
      ...RELAY,
      '[[devices]]',
      'name = "a"',
      'port = 20100',
      'consoles = [{ name = "c", path = "/dev/ttyUSB0" }]',
    ].join('\n'),
  )
  assert.equal(fleet.relays[0]?.port, 443)
  assert.equal(fleet.relays[0]?.directory, '.oobm')
  assert.equal(fleet.devices[0], {
    name: 'a',
    port: 20100,
    gateway: false,
    consoles: [{ name: 'c', path: '/dev/ttyUSB0' }],
  })
})

test('gives all errors at once, also those between parts when the parts have errors of their own', () => {
  const errors = errorsOf(
    '[[devices]]', // 7
    'name = "tokyo"',
    'port = 20100',
    'colour = "red"',
    '[[devices.consoles]]', // 11
    'name = "core sw1"',
    'path = "/dev/ttyUSB0"',
    'baud_rate = "fast"',
    '[[devices.consoles]]', // 15
    'name = "edge"',
    'path = "/dev/tty USB0"',
    '[[devices]]', // 18
    'name = "tokyo"',
    'port = 20101',
    'relays = ["fra", "lon"]',
    'consoles = [{ name = "edge", path = "/dev/ttyS0" }]', // 22
    'led = { backend = "file" }',
    'profile = "wet"', // 24
    '[[devices]]', // 25
    'port = 70000',
    'shell_user = "Root"',
    '[[technicians]]', // 28
    'name = "alice"',
    'keys = [',
    `  "${KEYS[1]} alice@laptop",`,
    '  "ssh-ed25519 AAAA",',
    ']',
    'consoles = ["edge", "core-sw9"]', // 34
    'shells = ["paris"]',
    '[[technicians]]', // 36
    'name = "alice"',
    `keys = ["${KEYS[1]} the same key"]`,
    'role = "boss"',
  )
  assert.equal(errors, [
    'fleet.toml:10: devices[1].colour: is not a setting here; check its spelling',
    'fleet.toml:12: devices[1].consoles[1].name: must be 1 to 32 of a-z 0-9 . _ - and begin with a letter or digit',
    'fleet.toml:14: devices[1].consoles[1].baud_rate: must be a number, not text',
    'fleet.toml:17: devices[1].consoles[2].path: must be a device file such as /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0',
    `fleet.toml:19: devices[2].name: "tokyo" is device "tokyo" already: consoles and devices share ssh's host names (line 8)`,
    `fleet.toml:20: devices[2].port: 20101 and 20102 are this device's, and 20101 is tokyo already (line 9)`,
    'fleet.toml:21: devices[2].relays[2]: "lon" is not a relay of this fleet',
    `fleet.toml:22: devices[2].consoles[1].name: "edge" is console "edge" already: consoles and devices share ssh's host names (line 16)`,
    'fleet.toml:23: devices[2].led.path: is missing: the file backend needs it',
    'fleet.toml:24: devices[2].profile: must be "wired" or "cellular"',
    'fleet.toml:25: devices[3].name: is missing (string)',
    'fleet.toml:26: devices[3].port: must be 1024 to 65534: the port after it is the consoles',
    'fleet.toml:27: devices[3].shell_user: must be a login name: 1 to 32 of a-z 0-9 _ - and not begin with a digit',
    'fleet.toml:32: technicians[1].keys[2]: is damaged: the part after "ssh-ed25519" is not a complete key of that type',
    'fleet.toml:34: technicians[1].consoles[2]: "core-sw9" is not a console of this fleet',
    'fleet.toml:35: technicians[1].shells[1]: "paris" is not a device of this fleet',
    'fleet.toml:36: technicians[2].consoles: must be "all" or a list of names',
    'fleet.toml:37: technicians[2].name: "alice" is listed twice (line 29)',
    "fleet.toml:38: technicians[2].keys[1]: is alice's key already: a key is one person's (line 31)",
    'fleet.toml:39: technicians[2].role: must be "operator" or "observer"',
  ])
})

test('keeps ssh’s host names apart', () => {
  const device = (name: string, port: number) => ['[[devices]]', `name = "${name}"`, `port = ${port}`]
  const cases: [string, RegExp][] = [
    ['oobm-relay-fra', /names that begin with oobm-relay-/],
    ['127.0.0.1', /looks like an address/],
    ['localhost', /every machine/],
    ['console', /the only console/],
    ['all', /means all of them/],
    ['relay.example.net', /is the host of relay "fra" already/],
  ]
  for (const [name, pattern] of cases) {
    const errors = errorsOf(...device(name, 20100))
    assert.is(errors.length, 1, name)
    assert.match(errors[0] ?? '', pattern)
    assert.match(errors[0] ?? '', /^fleet\.toml:8: devices\[1\]\.name: /)
  }
  const second = RELAY.map(line => line.replace('fra', 'lon').replace('relay.example', 'lon.example'))
  assert.match(
    errorsOf(...second, ...device('a', 20100), ...device('a.lon', 20200)).join(),
    /:16: devices\[2\]\.name: "a\.lon" is device "a" through another relay already/,
  )
  assert.match(
    errorsOf(...second, ...device('a', 20100), 'relays = ["lon", "fra"]', ...device('a.fra', 20200)).join(),
    /:17: devices\[2\]\.name: "a\.fra" is device "a" through another relay already/,
  )
  assert.match(
    errorsOf(...second, ...device('a.lon', 20100), ...device('a', 20200)).join(),
    /:16: devices\[2\]\.name: "a\.lon" is device "a\.lon" already/,
  )
})

test('gives each console of a device a path of its own', () => {
  const console = (name: string, path: string) => ['[[devices.consoles]]', `name = "${name}"`, `path = "${path}"`]
  const errors = errorsOf(
    ...['[[devices]]', 'name = "a"', 'port = 20100'], // 7
    ...console('a1', '/dev/ttyUSB0'), // 10
    ...console('a2', '/dev/ttyUSB1'),
    ...console('a3', '/dev//serial/../ttyUSB0'), // 16
    ...['[[devices]]', 'name = "b"', 'port = 20200'],
    ...console('b1', '/dev/ttyUSB0'), // of another device: another adapter
  )
  assert.equal(errors, [
    'fleet.toml:18: devices[1].consoles[3].path: "/dev//serial/../ttyUSB0" is the path of a1 already: each console has a line of its own (line 12)',
  ])
})

test('names the setting for a port or login that is beside the host of a relay', () => {
  const cases: [string, string][] = [
    [
      'relay.example.net:8443',
      'must be the host alone, "relay.example.net"; the port is a setting of its own (port = 8443)',
    ],
    ['192.0.2.1:22', 'must be the host alone, "192.0.2.1"; the port is a setting of its own (port = 22)'],
    ['[2001:db8::1]:22', 'must be the host alone, "2001:db8::1"; the port is a setting of its own (port = 22)'],
    ['[2001:db8::1]', 'must be the host alone, "2001:db8::1"'],
    [
      'ssh://root@relay.example.net:22/',
      'must be the host alone, "relay.example.net"; without "ssh://"; the login is a setting of its own (user = "root"); the port is a setting of its own (port = 22)',
    ],
    ['https://relay.example.net', 'must be the host alone, "relay.example.net"; without "https://"'],
    ['relay example', 'must be a host name or an IP address, and nothing else'],
    ['relay.example.net:', 'must be a host name or an IP address, and nothing else'],
    ['fe80::1%eth0', 'must be a host name or an IP address, and nothing else'],
    ['-oProxyCommand=x', 'must be a host name or an IP address, and nothing else'],
  ]
  for (const [host, message] of cases) {
    const text = RELAY.map(line => line.replace('relay.example.net', host)).join('\n')
    assert.equal(errorsOfText(`version = 1\n${text}`), [`fleet.toml:4: relays[1].host: ${message}`])
  }
  for (const host of ['relay.example.net', '192.0.2.1', '2001:db8::1', '::1', 'a'])
    parseFleet('fleet.toml', `version = 1\n${RELAY.map(line => line.replace('relay.example.net', host)).join('\n')}`)
})

test('asks for what a dedicated relay needs, and for nothing of it elsewhere', () => {
  const dedicated = ['[[relays]]', 'name = "lon"', 'host = "lon.example.net"', 'accounts = "dedicated"']
  const technician = (...lines: string[]) => ['[[technicians]]', 'name = "bob"', `keys = ["${KEYS[1]}"]`, ...lines]
  const good = parseFleet(
    'fleet.toml',
    ['version = 1', ...dedicated, ...technician('consoles = []', 'uid = 20001')].join('\n'),
  )
  assert.equal(good.relays[0], {
    name: 'lon',
    host: 'lon.example.net',
    port: 443,
    accounts: 'dedicated',
    user: 'oobm-device',
    hostKeys: [],
    directory: '.oobm',
    adminPort: 22,
    firewall: false,
    tls: false,
    adminTls: false,
    profile: 'wired',
    exemptNetworks: [],
  })
  assert.is(good.technicians[0]?.relayRole, 'technician')
  assert.equal(good.technicians[0]?.login, [])

  const bad = errorsOfText(
    [
      'version = 1',
      ...dedicated, // 2
      'port = 22',
      'admin_port = 22',
      'user = "bob"',
      'profile = "wet"', // 9
      'exempt_networks = ["192.0.2.0/33", "2001:db8::/32", "x"]',
      ...technician('login = ["sw1"]', 'consoles = []'), // 11
      ...technician('consoles = "all"', 'uid = 1000', 'relay_role = "king"').map(line => line.replace('bob', '0bob')), // 16
      '[[relays]]', // 22
      'name = "fra"',
      'host = "fra.example.net"',
      'host_keys = []',
    ].join('\n'),
  )
  assert.equal(bad, [
    'fleet.toml:6: relays[1].port: 22 is the admin_port too: the sshd that "oobm-relay apply" makes needs another port',
    'fleet.toml:8: relays[1].user: "bob" is a technician too: on a dedicated relay each has an account',
    'fleet.toml:9: relays[1].profile: must be "wired" or "cellular"',
    'fleet.toml:10: relays[1].exempt_networks[1]: must be an address or a network such as 192.0.2.0/24',
    'fleet.toml:10: relays[1].exempt_networks[3]: must be an address or a network such as 192.0.2.0/24',
    'fleet.toml:11: technicians[1].uid: is missing: relay "lon" makes an account for each technician, with a uid that never changes',
    'fleet.toml:14: technicians[1].login[1]: "sw1" is not among the consoles of bob',
    'fleet.toml:17: technicians[2].name: "0bob" is not a login name: 1 to 31 of a-z 0-9 _ - with a letter in front; choose another, such as the initial and the family name (relay "lon" makes an account of it)',
    "fleet.toml:18: technicians[2].keys[1]: is bob's key already: a key is one person's (line 13)",
    'fleet.toml:20: technicians[2].uid: must be a whole number from 20000 to 59999',
    'fleet.toml:21: technicians[2].relay_role: must be "technician", "admin" or "owner"',
    'fleet.toml:22: relays[2].user: is missing: shared accounts are a login that the relay has already',
    'fleet.toml:25: relays[2].host_keys: needs at least one key: without it, nobody could tell the relay from an impostor',
  ])
})

test('keeps the ports of devices apart from the relay’s own', () => {
  assert.match(
    errorsOf('port = 20101', '[[devices]]', 'name = "a"', 'port = 20100').join(),
    /:10: devices\[1\]\.port: .* 20101 is the sshd of relay "fra" already/,
  )
})

test('takes only folders that need no quoting', () => {
  const directory = (value: string) =>
    errorsOfText(['version = 1', ...RELAY, `directory = ${JSON.stringify(value)}`].join('\n'))
  for (const good of ['.oobm', 'a/b', '/opt/oobm', '..a', '/home/x+y@z/.oobm']) assert.equal(directory(good), [], good)
  for (const bad of ['', '/', '.', '..', 'a/../b', 'a//b', 'a/', '-x', '~/x', 'a b', 'a"b', 'a\nb', '$HOME', 'ä']) {
    assert.match(directory(bad).join(), /^fleet\.toml:7: relays\[1\]\.directory: /, bad)
  }
})

test('reports what is missing in an empty file', () => {
  assert.equal(errorsOfText(''), [
    'fleet.toml: version: must be 1, the only version there is',
    'fleet.toml: relays: is missing (array)',
  ])
  assert.match(errorsOfText('relays = [').join(), /^fleet\.toml:1: is not valid TOML/)
  assert.match(
    errorsOfText('version = 1\nrelays = 3\ndevices = "x"\ntechnicians = [[1]]').join('\n'),
    /:2: relays[\s\S]*:3: devices[\s\S]*:4: tech/,
  )
})

test('outlets feed consoles of their own device, and power is a right of operators to consoles of theirs', () => {
  const fleet = (console: string, ...technician: string[]) =>
    errorsOf(
      ...['[[devices]]', 'name = "a"', 'port = 20100'],
      `consoles = [{ name = "c", path = "/dev/ttyUSB0"${console && `, ${console}`} }]`,
      'outlets = [{ name = "plug", kind = "exec" }]',
      ...['[[devices]]', 'name = "b"', 'port = 20102'],
      'consoles = [{ name = "d", path = "/dev/ttyUSB0" }]',
      'outlets = [{ name = "other", kind = "exec" }]',
      ...['[[technicians]]', 'name = "alice"', `keys = ["${KEYS[1]}"]`, 'consoles = ["c"]', ...technician],
    )
  assert.equal(fleet('outlets = ["plug"]', 'power = ["c"]'), [])
  assert.equal(fleet('outlets = ["plug"]', 'power = "all"'), [])
  assert.match(fleet('outlets = ["other"]')[0] ?? '', /outlets\[1\]: "other" is not an outlet of this device/)
  assert.match(fleet('', 'power = ["d"]')[0] ?? '', /power\[1\]: "d" is not among the consoles of alice/)
  assert.match(fleet('', 'power = ["x"]')[0] ?? '', /power\[1\]: "x" is not/)
  for (const power of ['power = "all"', 'power = ["c"]'])
    assert.match(fleet('', 'role = "observer"', power)[0] ?? '', /an observer only watches, and switches no outlet/)
})

test.run()
