import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { hostSchema, nameSchema, pathSchema, publicKeySchema, relayHostSchema, userSchema } from './names.ts'

const test = suite('names and keys')

/** A string of RFC 4251, section 5; a number is one with a zero byte in front where its first bit is set. */
function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A key of this length without a private half: to make a real one takes up to a second. */
function rsaLine(bits: number): string {
  const modulus = Buffer.alloc(Math.ceil(bits / 8), 0xff)
  modulus[0] = 0xff >> (modulus.length * 8 - bits)
  const numbers = [Buffer.of(1, 0, 1), modulus]
  const fields = [
    Buffer.from('ssh-rsa'),
    ...numbers.map(n => ((n[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), n]) : n)),
  ]
  return `ssh-rsa ${Buffer.concat(fields.map(sshString)).toString('base64')}`
}

test('refuses RSA below 2048 bits, and says how long it is', () => {
  for (const bits of [1024, 2047]) {
    const { error } = publicKeySchema.safeParse(rsaLine(bits))
    assert.match(error?.issues[0]?.message ?? '', new RegExp(`^is an RSA key of ${bits} bits, .*ssh-keygen -t ed25519`))
  }
  for (const bits of [2048, 3072]) assert.ok(publicKeySchema.safeParse(rsaLine(bits)).success, String(bits))
})

test('nothing that ssh or a shell would read otherwise is a host, a login, a name or a path', () => {
  const schemas = { hostSchema, relayHostSchema, userSchema, nameSchema, pathSchema }
  for (const [name, schema] of Object.entries(schemas)) {
    for (const text of [
      ...[
        '',
        ' ',
        '-oProxyCommand=x',
        '-x',
        '--',
        '-l root',
        ' a',
        'a ',
        'a b',
        'a\tb',
        'a\nb',
        'a\r',
        'a\0b',
        '%h',
        '$HOME',
      ],
      ...[
        '$(id)',
        '`id`',
        'a;b',
        'a|b',
        'a&b',
        "a'b",
        'a"b',
        'a\\b',
        'a*',
        'a?',
        '[a',
        'é',
        'a\u200bb',
        'x@-oProxyCommand=x',
      ],
    ]) {
      assert.not(schema.safeParse(text).success, `${name}: ${JSON.stringify(text)}`)
    }
  }
  for (const host of ['relay.example.net', '192.0.2.1', '2001:db8::1', 'a', 'A-1.b']) {
    assert.ok(hostSchema.safeParse(host).success && relayHostSchema.safeParse(host).success, host)
  }
  assert.ok(nameSchema.safeParse('tokyo-rack_1.a').success && userSchema.safeParse('_oobm-1').success)
  assert.ok(pathSchema.safeParse('/dev/serial/by-id/usb-FTDI_x-if00:1.0').success)
})

test.run()
