import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { deviceConfigSchema } from './device-config.ts'
import { parseOutletAddress } from './outlets.ts'
import { newKeyPair } from './private-key.ts'
import { siteSchema } from './site-config.ts'
import { parseToml } from './toml-file.ts'

const test = suite('outlets')
const KEY = newKeyPair('').publicKey

/** What is wrong in a device's file with these lines in it. */
function errorsOf(outlets: string, { console = '', technician = '' } = {}): string[] {
  const text = `
version = 1
device = "rack1"
listener_port = 20100
relays = [{ host = "relay", user = "device", host_keys = ["${KEY}"] }]
bridge = { host_key = "${KEY}" }
[[consoles]]
name = "core-sw1"
path = "/dev/ttyUSB0"
${console}
[[technicians]]
name = "alice"
keys = ["${KEY}"]
${technician}
${outlets}
`
  try {
    parseToml('f', text, deviceConfigSchema)
    return []
  } catch (err) {
    return (err as Error).message.split('\n').map(line => line.replace(/^f:\d+: /, ''))
  }
}

const outlet = (...lines: string[]) => ['[[outlets]]', 'name = "a"', ...lines].join('\n')

test('refuses each wrong value with what is to be written', () => {
  const table: [lines: string[], message: string | RegExp][] = [
    [['kind = "plug"'], /^outlets\[1\]\.kind: must be "gpio", "shelly", "shelly-gen1", "tasmota", "exec"/],
    [['kind = "shelly"'], 'outlets[1].address: is missing: kind = "shelly" needs it, such as address = "192.0.2.30"'],
    [
      ['kind = "shelly"', 'address = "plug.lan"'],
      /^outlets\[1\]\.address: must be an IP address, .* a name may not be found/,
    ],
    [['kind = "shelly"', 'address = "http://192.0.2.3"'], /must be an IP address/],
    [['kind = "shelly"', 'address = "192.0.2.3:70000"'], /must be an IP address/],
    [
      ['kind = "shelly"', 'address = "192.0.2.3"', 'user = "bob"'],
      /user: is for outlets .* the login of a shelly is always "admin"/,
    ],
    [
      ['kind = "tasmota"', 'address = "192.0.2.3"', 'channel = 0'],
      'outlets[1].channel: must be 1 or more: the first output of a tasmota has this number',
    ],
    [['kind = "tasmota"', 'address = "192.0.2.3"', 'user = "a:b"'], /user: must not have a colon/],
    [['kind = "gpio"'], 'outlets[1].pin: is missing: kind = "gpio" needs it, such as pin = 27'],
    [
      ['kind = "gpio"', 'pin = 17'],
      'outlets[1].pin: 17 is the pin of the LED (led.pin) already: take another for one of them',
    ],
    [
      ['kind = "gpio"', 'pin = 27', 'address = "192.0.2.3"'],
      /address: is for outlets of the kind shelly, .* and this one is "gpio"/,
    ],
    [['kind = "exec"', 'active_low = true'], /active_low: is for outlets of the kind gpio/],
    [['kind = "exec"', 'hosts = ["pdu.lan"]'], /hosts\[1\]: must be an IP address: a name may not be found/],
    [['kind = "exec"', 'off_time_s = 1'], /off_time_s: must be 5 or more/],
    [['kind = "exec"', 'after_boot = "last"'], /after_boot: must be "keep", "on" or "off"/],
    [['kind = "exec"', 'self = true', 'after_boot = "off"'], /after_boot: cannot be "off" with self = true/],
    [['kind = "exec"', 'secret = "x"'], /secret/],
  ]
  for (const [lines, message] of table) {
    const [error = '(none)'] = errorsOf(outlet(...lines))
    if (typeof message === 'string') assert.is(error, message)
    else assert.match(error, message)
  }
})

test('holds outlets, consoles and technicians together', () => {
  const a = outlet('kind = "exec"')
  assert.equal(errorsOf(a, { console: 'outlets = ["a"]', technician: 'power = ["core-sw1"]' }), [])
  assert.match(
    errorsOf(a, { console: 'outlets = ["b"]' })[0] ?? '',
    /outlets\[1\]: "b" is not an outlet of this device: it needs \[\[outlets\]\]/,
  )
  assert.match(errorsOf(a, { console: 'outlets = ["a", "a"]' })[0] ?? '', /outlets\[2\]: "a" is listed twice/)
  assert.match(errorsOf(`${a}\n${a}`)[0] ?? '', /outlets\[2\]\.name: "a" is listed twice/)
  const pins = ['a', 'b'].map(name => `[[outlets]]\nname = "${name}"\nkind = "gpio"\npin = 27`).join('\n')
  assert.match(errorsOf(pins)[0] ?? '', /outlets\[2\]\.pin: 27 is the pin of a already/)
  assert.match(
    errorsOf(a, { technician: 'power = ["edge"]' })[0] ?? '',
    /power\[1\]: "edge" is not one of alice's consoles here/,
  )
  assert.match(
    errorsOf(a, { technician: 'role = "observer"\npower = ["core-sw1"]' })[0] ?? '',
    /an observer only watches, and switches no outlet/,
  )
})

test('reads addresses, with a port where it is not 80', () => {
  assert.equal(parseOutletAddress('192.0.2.3'), { host: '192.0.2.3', port: 80 })
  assert.equal(parseOutletAddress('192.0.2.3:8080'), { host: '192.0.2.3', port: 8080 })
  assert.equal(parseOutletAddress('2001:db8::3'), { host: '2001:db8::3', port: 80 })
  assert.equal(parseOutletAddress('[2001:db8::3]:81'), { host: '2001:db8::3', port: 81 })
  for (const wrong of ['', 'plug', '192.0.2.3:0', '192.0.2.3:', '[192.0.2.3', '1.2.3', '2001:db8::3:99999'])
    assert.is(parseOutletAddress(wrong), undefined, wrong)
})

test('a secret is one for each outlet, and can be typed anywhere', () => {
  const errors = (...lines: string[]) => {
    try {
      parseToml('f', lines.join('\n'), siteSchema)
      return ''
    } catch (err) {
      return (err as Error).message
    }
  }
  const secret = (value: string) => ['[[outlet_secrets]]', 'outlet = "a"', `secret = "${value}"`]
  assert.is(errors(...secret('correct horse')), '')
  assert.match(errors(...secret('')), /secret: is empty/)
  assert.match(errors(...secret('pässword')), /must be of ASCII characters, and has .*, as character 2/)
  assert.match(errors(...secret('x'), ...secret('y')), /outlet_secrets\[2\]\.outlet: is listed twice/)
  assert.match(errors('[[outlet_secrets]]', 'outlet = "a"'), /secret: is missing/)
})

test.run()
