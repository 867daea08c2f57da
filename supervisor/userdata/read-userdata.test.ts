import { generateKeyPairSync } from 'node:crypto'
import * as assert from 'uvu/assert'
import { newKeyPair } from '../../formats/private-key.ts'
import { suite } from '../../testbed/suite.ts'
import { type Destination, keyFingerprint, readUserdata } from './read-userdata.ts'

const test = suite('read-userdata')

const { privateKey } = newKeyPair('test')
const OPS = { KeyMaterial: privateKey, HostName: 'relay2.example.net', RemotePort: 20_100 }

const withOps = (changes: Record<string, unknown>) => JSON.stringify({ ops: { ...OPS, ...changes } })

function destination(text: string): Destination {
  const read = readUserdata(text)
  if (!read.ok) throw new Error(read.cause)
  assert.is(read.destinations.length, 1)
  return read.destinations[0] as Destination
}

const causeOf = (text: string) => {
  const read = readUserdata(text)
  return read.ok ? undefined : read.cause
}

test('reads the three keys; whatever else the operator keeps beside "ops" is theirs', () => {
  const text = JSON.stringify({ colour: 'red', ops: { ...OPS, HostName: 'Relay2.Example.NET' } })
  assert.equal(destination(text), { host: 'relay2.example.net', remotePort: 20_100, privateKey })
  assert.is(destination(withOps({ KeyMaterial: undefined })).privateKey, undefined)
  for (const none of ['{}', '{"ops":null}', '{"other":{"ops":1}}'])
    assert.equal(readUserdata(none), { ok: true, destinations: [] })
})

test('reads a list of relays in its order, in either form', () => {
  const list = ['a', 'b'].map(HostName => ({ ...OPS, HostName }))
  for (const text of [JSON.stringify({ ops: list }), JSON.stringify(list.map(ops => ({ ops })))]) {
    const read = readUserdata(text)
    assert.equal(read.ok && read.destinations.map(({ host }) => host), ['a', 'b'])
  }
  assert.equal(readUserdata('[]'), { ok: true, destinations: [] })
})

test('takes a key as EC2 gives it, with the line ends of Windows, and in old PEM', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const keys = [
    rsa.export({ type: 'pkcs1', format: 'pem' }).toString(),
    ec.export({ type: 'sec1', format: 'pem' }).toString(),
    privateKey.replaceAll('\n', '\r\n'),
    `\n ${privateKey.trim()}`,
  ]
  for (const key of keys) {
    const one = destination(withOps({ KeyMaterial: key }))
    assert.not(one.privateKey?.includes('\r'))
    assert.match(keyFingerprint(one) ?? '', /^SHA256:\S{43}$/)
  }
})

test('refuses in words what is no such key, and quotes nothing of it', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const locked = { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const
  const cases: [unknown, RegExp][] = [
    [rsa.export(locked).toString(), /has a passphrase/],
    [rsa.export({ ...locked, type: 'pkcs8' }).toString(), /has a passphrase/],
    [rsa.export({ type: 'pkcs8', format: 'pem' }).toString(), /PKCS #8/],
    [privateKey.replaceAll('\n', ' '), /no private key that can be read/],
    [privateKey.slice(0, 200), /no private key that can be read/],
    [newKeyPair('x').publicKey, /no private key that can be read/],
    ['', /no private key that can be read/],
    [`${privateKey}${'x'.repeat(20_000)}`, /more than 16384 characters/],
    [null, /must be the text/],
    [[privateKey], /must be the text/],
    [{ key: privateKey }, /must be the text/],
  ]
  for (const [key, pattern] of cases) {
    const cause = causeOf(withOps({ KeyMaterial: key })) ?? ''
    assert.match(cause, pattern)
    assert.ok(cause.length < 140, cause)
  }
})

test('quotes no private key that stands in the place of a name', () => {
  const line = privateKey.split('\n')[2] ?? ''
  for (const name of [privateKey, line, line.slice(0, 40)]) {
    for (const text of [withOps({ [name]: 1 }), `{${JSON.stringify(name)}: 1, ${JSON.stringify(name)}: 2}`]) {
      const cause = causeOf(text) ?? ''
      assert.match(cause, /a key of \d+ characters/)
      assert.not(cause.includes(line.slice(0, 8)), cause)
    }
  }
})

test('refuses whatever is not exactly this', () => {
  const cases: [string, RegExp][] = [
    ['', /^it is not JSON$/],
    ['<html>', /^it is not JSON$/],
    [`{"ops": {"KeyMaterial": "${privateKey}"`, /^it is not JSON$/],
    ['7', /no JSON object/],
    ['null', /no JSON object/],
    ['"ops"', /no JSON object/],
    ['[7]', /each relay must be an object with "ops"/],
    ['[{"ops": []}]', /each relay must be an object with "ops"/],
    ['{"ops": [[]]}', /"ops" is no JSON object/],
    [JSON.stringify({ ops: [OPS, { ...OPS, HostName: 'b', RemotePort: 0 }] }), /^of relay 2, RemotePort must be/],
    [
      JSON.stringify({ ops: [OPS, { ...OPS, HostName: 'RELAY2.example.net', RemotePort: 7 }] }),
      /names relay2\S+ twice/,
    ],
    [JSON.stringify([1, 2, 3, 4, 5].map(n => ({ ops: { ...OPS, HostName: `r${n}` } }))), /names 5 relays; .* takes 4/],
    ['{"ops": "x"}', /"ops" is no JSON object/],
    [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, /each relay must be/],
    [`${'{"ops":'.repeat(5_000)}1${'}'.repeat(5_000)}`, /cannot set/],
    ['{"ops": {}}', /^HostName must be/],
    ['{"ops": {"HostName": "a", "HostName": "b", "RemotePort": 1}}', /^"HostName" stands there twice$/],
    ['{"ops": null, "ops": {}}', /^"ops" stands there twice$/],
    ['{"ops": {"\\u0048ostName": "a", "HostName": "b"}}', /^"HostName" stands there twice$/],
    [withOps({ HostKey: 'ssh-ed25519 AAAA' }), /"HostKey", which userdata cannot set/],
    [withOps({ hostname: 'a' }), /"hostname", which userdata cannot set/],
    [withOps({ HostName: 'relay:443' }), /^HostName must be/],
    [withOps({ HostName: privateKey }), /^HostName must be a host name or an IP address, and nothing else$/],
    [withOps({ HostName: ['a'] }), /^HostName must be/],
    ...[0, -1, 65_535, 70_000, 22.5, '22', null, true, [22], 1e300].map((port): [string, RegExp] => [
      withOps({ RemotePort: port }),
      /^RemotePort must be a number from 1 to 65534, without quotes/,
    ]),
  ]
  for (const [text, pattern] of cases) assert.match(causeOf(text) ?? 'it was taken', pattern, text.slice(0, 60))
})

test('a key of an object that is named as a method of objects is one like others', () => {
  assert.match(causeOf('{"ops": {"__proto__": {"HostName": "a"}, "RemotePort": 1}}') ?? '', /"__proto__"/)
  assert.match(causeOf('{"ops": {"constructor": 1}}') ?? '', /"constructor"/)
})

test.run()
