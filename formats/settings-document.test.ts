import * as assert from 'uvu/assert'
import { ConfigurationError } from '../runtime/errors.ts'
import { suite } from '../testbed/suite.ts'
import { newKeyPair } from './private-key.ts'
import { provisioningSchema } from './provisioning.ts'
import { convertSecrets, secretsIn } from './sealed-settings.ts'
import {
  checkSettingsDocument,
  connectivitySchema,
  DOCUMENT_MAX_BYTES,
  readSettingsDocument,
  splitDocument,
} from './settings-document.ts'
import { fingerprint } from './ssh-key.ts'
import { describePath } from './toml-file.ts'

const test = suite('settings document')

const KEY = newKeyPair('x').publicKey
const SEALED = `-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNzaC1lZDI1NTE5IGFiY2Q=
-----END AGE ENCRYPTED FILE-----
`
const HEAD = `version = 1
device = "rack1"
fingerprint = "${fingerprint(KEY)}"
serial = 7
`
const ACCESS = `[access]
signers = ["${KEY}"]
[[access.technicians]]
name = "alice"
keys = ["${KEY}"]
`
const CONNECTIVITY = `[connectivity]
listener_port = 20100
[[connectivity.relays]]
host = "relay.example.net"
user = "oobm"
host_keys = ["${KEY}"]
[[connectivity.wifi]]
ssid = "Old"
remove = true
[[connectivity.wifi]]
ssid = "Office"
passphrase = """
${SEALED}"""
`
const WHOLE = HEAD + ACCESS + CONNECTIVITY
const SIGNATURE = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAA\nabcd\n-----END SSH SIGNATURE-----\n'

function problemOf(work: () => unknown): string {
  try {
    work()
  } catch (err) {
    if (err instanceof ConfigurationError) return err.message
    throw err
  }
  return ''
}

test('the signed bytes are exactly those before the signature', () => {
  for (const signature of [SIGNATURE, SIGNATURE.trimEnd()]) {
    const split = splitDocument('x', Buffer.from(WHOLE + signature))
    assert.is(split.signed.toString(), WHOLE)
    assert.is(split.signature, signature)
  }
})

test('what is not one text and one whole signature is refused', () => {
  const cases: [name: string, text: string | Buffer, message: RegExp][] = [
    ['unsigned', WHOLE, /^x: is not signed/],
    ['empty', '', /is not signed/],
    ['not at the beginning of a line', `${WHOLE}# ${SIGNATURE}`, /is not signed/],
    ['two signatures', WHOLE + SIGNATURE + SIGNATURE, /more than one signature/],
    ['a signature within', SIGNATURE + WHOLE + SIGNATURE, /more than one signature/],
    ['text after it', `${WHOLE}${SIGNATURE}serial = 8\n`, /damaged signature/],
    ['a zero byte after it', `${WHOLE}${SIGNATURE}\0`, /damaged signature/],
    ['line ends of Windows', (WHOLE + SIGNATURE).replaceAll('\n', '\r\n'), /damaged signature/],
    ['too large', Buffer.alloc(DOCUMENT_MAX_BYTES + 1, 35), /has 262145 bytes; .* at most 262144/],
  ]
  for (const [name, text, message] of cases)
    assert.match(
      problemOf(() => splitDocument('x', Buffer.from(text as string))),
      message,
      name,
    )
})

test('cut short anywhere, it is refused', () => {
  const bytes = Buffer.from(WHOLE + SIGNATURE)
  // Without its last line end it still is whole.
  for (let length = 0; length < bytes.length - 1; length++)
    assert.not.equal(
      problemOf(() => splitDocument('x', bytes.subarray(0, length))),
      '',
      `${length} bytes`,
    )
})

test('reads both halves', () => {
  const document = checkSettingsDocument('x', Buffer.from(WHOLE))
  assert.equal([document.device, document.serial, document.fingerprint], ['rack1', 7, fingerprint(KEY)])
  const { access, connectivity } = document
  assert.ok(access && 'value' in access && connectivity && 'value' in connectivity)
  assert.equal(access.value.technicians[0]?.role, 'operator')
  assert.equal(connectivity.value.wifi, [
    { ssid: 'Old', remove: true },
    { ssid: 'Office', passphrase: SEALED },
  ])
})

test('each mistake has its line', () => {
  const cases: [name: string, text: string, message: RegExp][] = [
    ['no halves', HEAD, /^x:?\d*: access: is missing, and so is \[connectivity\]/],
    ['no serial number', WHOLE.replace('serial = 7\n', ''), /serial: must be a whole number|serial: is missing/],
    ['serial number 0', WHOLE.replace('serial = 7', 'serial = 0'), /^x:4: serial: must be/],
    ['no fingerprint', WHOLE.replace(/fingerprint.*\n/, ''), /fingerprint: is missing/],
    ['a setting of neither half', `profile = "wired"\n${WHOLE}`, /^x:1: profile: is not a setting here/],
    ['an access without people', `${HEAD}[access]\n`, /^x:5: access\.technicians: is missing/],
    [
      'no signers left',
      `${HEAD}[access]\ntechnicians = []\nsigners = []\n`,
      /^x:7: access\.signers: needs at least one/,
    ],
    ['no relay', `${HEAD}[connectivity]\nlistener_port = 1\n`, /^x:5: connectivity\.relays: is missing/],
    [
      'a host key of the bridge',
      `${WHOLE}[connectivity.bridge]\nhost_key = "x"\n`,
      /bridge\.host_key: is not a setting/,
    ],
    [
      'a removal with more',
      WHOLE.replace('remove = true', 'remove = true\nhidden = true'),
      /^x:16: connectivity\.wifi\[1\]: must be its ssid and remove = true/,
    ],
    [
      'a mistake after a removal',
      WHOLE.replace('"Office"', '"Office"\npriority = -1'),
      /^x:21: connectivity\.wifi\[2\]\.priority: must be/,
    ],
    ['no UTF-8', `${WHOLE}# \xe9`, /is not UTF-8/],
  ]
  for (const [name, text, message] of cases) {
    const bytes = name === 'no UTF-8' ? Buffer.from(text, 'latin1') : Buffer.from(text)
    assert.match(
      problemOf(() => checkSettingsDocument('x', bytes)),
      message,
      name,
    )
  }
})

test('a plain secret is refused, wherever it is, and not repeated', () => {
  const secret = 'hunter2-hunter2'
  const login = `security = "auto"\n[connectivity.wifi.eap]\nmethod = "peap"\nidentity = "x"\nverify = false\n`
  const cases = [
    CONNECTIVITY.replace(/"""\n-[\s\S]*?"""/, `"${secret}"`),
    CONNECTIVITY.replace(/passphrase[\s\S]*/, `${login}password = "${secret}"\n`),
    `${CONNECTIVITY}[connectivity.secrets]\nrelay_password = "${secret}"\n`,
    `${CONNECTIVITY}[connectivity.secrets]\nrelay_password = """\n${SEALED}${secret}"""\n`,
  ]
  for (const text of cases) {
    const problem = problemOf(() => checkSettingsDocument('x', Buffer.from(HEAD + text)))
    assert.match(problem, /is not encrypted/, text)
    assert.not.match(problem, secret)
  }
  const key = `${WHOLE}# ${newKeyPair('x').privateKey}`
  assert.match(
    problemOf(() => checkSettingsDocument('x', Buffer.from(key.replaceAll('\n', '\n# ')))),
    /has a private key in it/,
  )
})

test('a wrong half leaves the other one usable', () => {
  const text = WHOLE.replace('listener_port = 20100', 'listener_port = 20100\nfrom_the_future = 1')
  const { access, connectivity } = readSettingsDocument('x', Buffer.from(text))
  assert.ok(access && 'value' in access)
  assert.ok(connectivity && 'issues' in connectivity)
  assert.match(connectivity.issues[0]?.key ?? '', /^connectivity\.from_the_future$/)
})

test('takes signing keys on a FIDO token, which are no login keys here', () => {
  const blob = Buffer.concat(
    ['sk-ssh-ed25519@openssh.com', Buffer.alloc(32), 'ssh:'].map(part => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return Buffer.concat([length, Buffer.from(part as string)])
    }),
  ).toString('base64')
  const fido = `sk-ssh-ed25519@openssh.com ${blob}`
  const signers = WHOLE.replace(`signers = ["${KEY}"]`, `signers = ["${fido} token of alice"]`)
  const { access } = checkSettingsDocument('x', Buffer.from(signers))
  assert.ok(access && 'value' in access)
  assert.equal(access.value.signers, [fido])
  const login = WHOLE.replace(`keys = ["${KEY}"]`, `keys = ["${fido}"]`)
  assert.match(
    problemOf(() => checkSettingsDocument('x', Buffer.from(login))),
    /must be a public key line/,
  )
})

test('every setting that sounds like a secret is called one', () => {
  const eap = { password: 'a', clientKey: 'b', clientKeyPassword: 'c', identity: 'd' }
  const value = {
    wifi: [{ ssid: 'x', passphrase: 'y', eap }],
    interfaces: [{ name: 'eth0', eap }],
    secrets: {
      relayKey: 'r',
      relayKeyPassphrase: 'p',
      relayPassword: 'w',
      proxyPassword: 'x',
      bridgeHostKey: 'b',
      shellHostKey: 's',
    },
  }
  const found = [...secretsIn(value, provisioningSchema)].map(({ path }) => describePath(path))
  const ofEap = ['password', 'clientKey', 'clientKeyPassword']
  assert.equal(
    found.sort(),
    [
      ...ofEap.map(key => `interfaces[1].eap.${key}`),
      ...['bridgeHostKey', 'proxyPassword', 'relayKey', 'relayKeyPassphrase', 'relayPassword', 'shellHostKey'].map(
        key => `secrets.${key}`,
      ),
      ...ofEap.map(key => `wifi[1].eap.${key}`),
      'wifi[1].passphrase',
    ].sort(),
  )
})

test('encrypts and decrypts in place, and leaves what it was given', async () => {
  const value = { wifi: [{ ssid: 'x', passphrase: 'plain' }, { ssid: 'open' }], secrets: { relayPassword: 'word' } }
  const sealed = await convertSecrets(value, connectivitySchema, async text => text.toUpperCase())
  assert.equal(sealed, {
    wifi: [{ ssid: 'x', passphrase: 'PLAIN' }, { ssid: 'open' }],
    secrets: { relayPassword: 'WORD' },
  })
  assert.is(value.wifi[0]?.passphrase, 'plain')
})

test.run()
