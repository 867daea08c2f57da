import * as assert from 'uvu/assert'
import { readToml } from '../../formats/toml-file.ts'
import { suite } from '../../testbed/suite.ts'
import { mergeProvisioning } from './merge.ts'

const test = suite('merge')

const toml = (text: string) => readToml('x', text)
const merged = (before: string, file: string) => mergeProvisioning(toml(before), toml(file)).value

const STORED = `
version = 1
device = "rack1"
listener_port = 20100
[[relays]]
host = "fra"
user = "a"
[[relays]]
host = "fra"
port = 8443
user = "b"
[[consoles]]
name = "sw1"
path = "/dev/ttyUSB0"
baud_rate = 9600
[[technicians]]
name = "alice"
keys = ["a", "b"]
[[technicians]]
name = "bob"
keys = ["c"]
[bridge]
host_key = "k"
escape = "ctrl-]"
[secrets]
relay_key = "r"
shell_host_key = "h"
[system]
hostname = "old"
country = "JP"
[[wifi]]
ssid = "Office"
passphrase = "one"
`

test('a port that gets another role loses the addresses that it had for the old one', () => {
  const eth0 = '[[interfaces]]\nname = "eth0"\n'
  const after = (before: string, change: string) => merged(`${eth0}${before}`, `${eth0}${change}`).interfaces
  const fixed = 'role = "static"\naddress = "10.0.0.1/24"\n'
  assert.equal(after('fallback = "10.0.0.1/24"\n', fixed), [{ name: 'eth0', role: 'static', address: '10.0.0.1/24' }])
  assert.equal(after(`${fixed}gateway = "10.0.0.2"\ndns = ["10.0.0.2"]\n`, 'role = "client"\n'), [
    { name: 'eth0', role: 'client' },
  ])
  assert.equal(after(fixed, 'addresses = ["10.0.0.3/24"]\n'), [
    { name: 'eth0', role: 'static', addresses: ['10.0.0.3/24'] },
  ])
  // The same role again is a change of one setting.
  assert.equal(after(`${fixed}gateway = "10.0.0.2"\n`, 'role = "static"\naddress = "10.0.0.9/24"\n'), [
    { name: 'eth0', role: 'static', address: '10.0.0.9/24', gateway: '10.0.0.2' },
  ])
})

test('of settings that exclude each other, the newer one takes the place of the older', () => {
  const consoleAfter = (stored: string, file: string) =>
    merged(`[[consoles]]\nname = "sw1"\nbaud_rate = 9600\n${stored}`, `[[consoles]]\nname = "sw1"\n${file}`).consoles
  const rest = { name: 'sw1', baudRate: 9600 }
  assert.equal(consoleAfter('path = "/dev/ttyUSB0"', 'usb = "1.2"'), [{ ...rest, usb: '1.2' }])
  assert.equal(consoleAfter('usb = "1.2"', 'path = "/dev/ttyUSB0"'), [{ ...rest, path: '/dev/ttyUSB0' }])
  assert.equal(consoleAfter('usb = "1.2"', 'stop_bits = 2'), [{ ...rest, usb: '1.2', stopBits: 2 }])
  // One that has both is refused with it, as anywhere.
  const both = { path: '/dev/ttyUSB0', usb: '1.2' }
  assert.equal(consoleAfter('usb = "1.3"', 'usb = "1.2"\npath = "/dev/ttyUSB0"'), [{ ...rest, ...both }])
  const wifi = '[[wifi]]\nssid = "Office"\n'
  assert.equal(merged(`${wifi}passphrase = "one"\nhidden = true`, `${wifi}[wifi.eap]\nidentity = "a"`).wifi, [
    { ssid: 'Office', hidden: true, eap: { identity: 'a' } },
  ])
  assert.equal(merged(`${wifi}[wifi.eap]\nidentity = "a"`, `${wifi}passphrase = "one"`).wifi, [
    { ssid: 'Office', passphrase: 'one' },
  ])
  // A second passphrase goes with the first.
  const two = `${wifi}passphrase = "one"\nnext_passphrase = "two"`
  assert.equal(merged(two, `${wifi}[wifi.eap]\nidentity = "a"`).wifi, [{ ssid: 'Office', eap: { identity: 'a' } }])
  assert.equal(merged(two, `${wifi}next_passphrase = "three"`).wifi, [
    { ssid: 'Office', passphrase: 'one', nextPassphrase: 'three' },
  ])
})

test('a file takes over what somebody added by hand', () => {
  const byHand = '[[wifi]]\nssid = "Lab"\npassphrase = "one"\nsource = "hand"\n'
  assert.equal(merged(byHand, '[[wifi]]\nssid = "Lab"\npriority = 3').wifi, [
    { ssid: 'Lab', passphrase: 'one', priority: 3 },
  ])
  assert.equal(merged(byHand, '[[wifi]]\nssid = "Office"').wifi, [
    { ssid: 'Lab', passphrase: 'one', source: 'hand' },
    { ssid: 'Office' },
  ])
})

test('a file that is not complete changes what it names, and nothing else', () => {
  const cases: [file: string, change: (before: Record<string, unknown>) => void][] = [
    ['listener_port = 20102', before => Object.assign(before, { listenerPort: 20102 })],
    ['[system]\nhostname = "new"', before => Object.assign(before, { system: { hostname: 'new', country: 'JP' } })],
    [
      '[[consoles]]\nname = "sw1"\nbaud_rate = 115200\n[[consoles]]\nname = "sw2"\npath = "/dev/ttyUSB1"',
      before =>
        Object.assign(before, {
          consoles: [
            { name: 'sw1', path: '/dev/ttyUSB0', baudRate: 115200 },
            { name: 'sw2', path: '/dev/ttyUSB1' },
          ],
        }),
    ],
    // A list without names in it is one value.
    [
      '[[technicians]]\nname = "alice"\nkeys = ["z"]',
      before => Object.assign((before.technicians as object[])[0] as object, { keys: ['z'] }),
    ],
    // A relay is its host and its port, 443 where none is named.
    [
      '[[relays]]\nhost = "fra"\nport = 443\nuser = "c"',
      before => Object.assign((before.relays as object[])[0] as object, { port: 443, user: 'c' }),
    ],
    ['[[technicians]]\nname = "bob"\nremove = true', before => (before.technicians as object[]).pop()],
    ['[[wifi]]\nssid = "None"\nremove = true', () => {}],
    ['[system]\nremove = true', before => delete before.system],
  ]
  for (const [file, change] of cases) {
    const expected = structuredClone(toml(STORED))
    change(expected)
    assert.equal(merged(STORED, file), expected, file)
  }
})

test('a complete file takes everything away that it does not name, but the site’s settings and the shell’s host key', () => {
  const file = STORED.replace(/\[\[technicians\]\]\nname = "bob"\nkeys = \["c"\]\n/, '')
    .replace('shell_host_key = "h"\n', '')
    .replace(/\[system\][\s\S]*/, '')
  const { value, complete } = mergeProvisioning(toml(STORED), toml(file))
  assert.is(complete, true)
  assert.equal(
    (value.technicians as { name: string }[]).map(({ name }) => name),
    ['alice'],
  )
  assert.equal(value.secrets, { shellHostKey: 'h', relayKey: 'r' })
  assert.equal(value.system, { hostname: 'old', country: 'JP' })
  assert.equal(value.wifi, [{ ssid: 'Office', passphrase: 'one' }])
})

test('merged in a second time, a file changes nothing', () => {
  const files = [
    STORED,
    '[[technicians]]\nname = "bob"\nremove = true\n[[consoles]]\nname = "x"\npath = "/y"',
    '[system]\nremove = true\n[[relays]]\nhost = "lon"',
    '[[wifi]]\nssid = "Office"\npassphrase = "two"\n[wifi.eap]\nidentity = "x"',
  ]
  for (const file of files) {
    const once = mergeProvisioning(toml(STORED), toml(file)).value
    assert.equal(mergeProvisioning(once, toml(file)).value, once, file)
  }
})

test('no file lowers the serial number of settings documents, and a complete one keeps who may sign them', () => {
  const settings = '[settings]\nserial = 7\nsigners = ["s"]\n'
  const cases: [file: string, expected: unknown][] = [
    ['listener_port = 1', { serial: 7, signers: ['s'] }],
    [STORED, { serial: 7, signers: ['s'] }],
    [`${STORED}[settings]\nserial = 6\n`, { serial: 7, signers: ['s'] }],
    ['[settings]\nserial = 8\nsigners = ["t"]', { serial: 8, signers: ['t'] }],
    ['[settings]\nremove = true', { serial: 7 }],
  ]
  for (const [file, expected] of cases) assert.equal(merged(STORED + settings, file).settings, expected, file)
})

test('knows where in the file a merged value is, and which values are not from the file', () => {
  const file = '[[technicians]]\nname = "carl"\n[[technicians]]\nname = "alice"\nkeys = []\n[bridge]\nescape = "x"'
  const { locate } = mergeProvisioning(toml(STORED), toml(file))
  assert.equal(locate(['technicians', 0, 'keys']), ['technicians', 1, 'keys'])
  assert.is(locate(['technicians', 1, 'keys', 0]), undefined)
  assert.equal(locate(['technicians', 2]), ['technicians', 0])
  assert.equal(locate(['bridge', 'escape']), ['bridge', 'escape'])
  assert.is(locate(['listener_port']), undefined)
})

test('refuses changes that make no sense', () => {
  const problems = (file: string) =>
    mergeProvisioning(toml(STORED), toml(file)).problems.map(({ path, message }) => `${path.join('.')} ${message}`)
  assert.equal(problems('[[technicians]]\nname = "bob"\nremove = false'), ['technicians.0.remove can only be true'])
  assert.equal(problems('[[relays]]\nhost = "fra"\nuser = "x"\nremove = true'), [
    'relays.0.user does not go together with remove = true',
  ])
  assert.equal(problems('[[wifi]]\nssid = "a"\n[[wifi]]\nssid = "a"'), ['wifi.1 is listed twice'])
})

test.run()
