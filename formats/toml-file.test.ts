import * as assert from 'uvu/assert'
import * as z from 'zod'
import { ConfigurationError } from '../runtime/errors.ts'
import { suite } from '../testbed/suite.ts'
import { portSchema, publicKeySchema } from './names.ts'
import { lineOf, parseToml, stringifyToml } from './toml-file.ts'

const test = suite('toml-file')

const schema = z.strictObject({
  version: z.literal(1),
  relays: z.array(z.strictObject({ host: z.string(), hostKeys: z.array(z.string()), port: portSchema.default(443) })),
  led: z.strictObject({ pin: z.int() }).optional(),
})

/** Everything wrong in `text`, one line each. */
function errorsOf(text: string): string[] {
  try {
    parseToml('device.toml', text, schema)
  } catch (err) {
    if (err instanceof ConfigurationError) return err.message.split('\n')
    throw err
  }
  return []
}

test('reads snake_case keys as camelCase, and writes them back', () => {
  const value = parseToml('x', 'version = 1\n[[relays]]\nhost = "a"\nhost_keys = ["k"]\n', schema)
  assert.equal(value, { version: 1, relays: [{ host: 'a', hostKeys: ['k'], port: 443 }] })
  assert.match(stringifyToml(value), 'host_keys = [ "k" ]')
})

test('accepts what Windows Notepad saves', () => {
  assert.equal(errorsOf('\uFEFFversion = 1\r\nrelays = []\r\n'), [])
})

test('names the line of a syntax error', () => {
  assert.match(errorsOf('version = 1\nrelays = [\nled = 3\n')[0] ?? '', /^device\.toml:[234]: is not valid TOML: /)
})

test('gives every error at once, each with its line and key', () => {
  const text = [
    'version = 1',
    '',
    '[[relays]]',
    'host = "a"',
    'host_keys = [',
    '  "k",',
    '  7,',
    ']',
    '[[relays]]',
    'port = 70000',
    'colour = "red"',
    '[led]',
    'pin = 1.5',
  ].join('\n')
  assert.equal(
    errorsOf(text).map(line => line.replace(/(: [^:]*: ).*/, '$1')),
    [
      'device.toml:7: relays[1].host_keys[2]: ',
      'device.toml:9: relays[2].host: ',
      'device.toml:9: relays[2].host_keys: ',
      'device.toml:10: relays[2].port: ',
      'device.toml:11: relays[2].colour: ',
      'device.toml:13: led.pin: ',
    ],
  )
})

test('reports a missing setting without a line when its table is not in the text', () => {
  assert.equal(errorsOf('version = 1\n'), ['device.toml: relays: is missing (array)'])
})

test('finds keys in dotted keys and inline tables', () => {
  const text = 'a.b = 1\nc = { d = 1,\n e = 2 }\n["x y"]\nz = 1\n'
  assert.is(lineOf(text, ['a', 'b']), 1)
  assert.is(lineOf(text, ['c', 'd']), 2)
  assert.is(lineOf(text, ['x y', 'z']), 5)
  assert.is(lineOf(text, ['none']), undefined)
})

test('tells a damaged public key from a whole one', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'
  assert.is(publicKeySchema.parse(`${key} alice@laptop\n`), key)
  const cases = [
    key.slice(0, -3),
    key.slice(0, -4),
    key.replace('ssh-ed25519', 'ssh-rsa'),
    `${key}\n${key}`,
    'ssh-ed25519',
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'ssh-ed25519-cert-v01@openssh.com AAAA',
  ]
  for (const bad of cases) assert.not(publicKeySchema.safeParse(bad).success, bad)
})

test.run()
