import * as assert from 'uvu/assert'
import { newKeyPair } from '../../formats/private-key.ts'
import { readToml } from '../../formats/toml-file.ts'
import { ConfigurationError } from '../../runtime/errors.ts'
import { suite } from '../../testbed/suite.ts'
import { findFiles } from '../provision/find-files.ts'
import { takeOver } from './take-over.ts'

const test = suite('take over')

const [relay, bridge] = [newKeyPair('relay'), newKeyPair('bridge')]
const WHOLE = `version = 1
device = "rack1"
listener_port = 20100
[[relays]]
host = "relay.example.net"
user = "oobm"
host_keys = ["${relay.publicKey}"]
[bridge]
host_key = "${bridge.publicKey}"
[[consoles]]
name = "sw1"
path = "/dev/ttyUSB0"
[[technicians]]
name = "alice"
keys = ["${bridge.publicKey}"]
consoles = ["sw1"]
[secrets]
relay_key = """
${relay.privateKey}"""
bridge_host_key = """
${bridge.privateKey}"""
`
const STORED = readToml('stored', WHOLE)

function problemsOf(before: Record<string, unknown> | undefined, ...files: [string, string | Buffer][]): string {
  try {
    takeOver(
      before,
      files.map(([name, text]) => ({ name, bytes: Buffer.from(text as string) })),
    )
  } catch (err) {
    if (err instanceof ConfigurationError) return err.message
    throw err
  }
  return ''
}

test('a console moves from a path to a USB port by a file with these two lines', () => {
  const file = '[[consoles]]\nname = "sw1"\nusb = "1.2"\n'
  const { provisioning } = takeOver(STORED, [{ name: 'oobm.toml', bytes: Buffer.from(file) }])
  assert.equal(
    provisioning.config.consoles.map(({ path, usb }) => [path, usb]),
    [[undefined, '1.2']],
  )
  assert.match(problemsOf(STORED, ['x', `${file}path = "/dev/ttyUSB1"\n`]), 'exclude each other')
})

test('takes what Notepad saves in each of its encodings', () => {
  const text = `${WHOLE}[system]\nhostname = "x"\ncountry = "DE"\n[[wifi]]\nssid = "Büro"\n`.replaceAll('\n', '\r\n')
  const big = Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  const saved = {
    'UTF-8': Buffer.from(text),
    'UTF-8 with BOM': Buffer.from(`\ufeff${text}`),
    'UTF-16 LE': Buffer.from(`\ufeff${text}`, 'utf16le'),
    'UTF-16 BE': big,
    'UTF-16 without BOM': Buffer.from(text, 'utf16le'),
    'UTF-16 BE without BOM': Buffer.from(text, 'utf16le').swap16(),
    'old Mac': Buffer.from(text.replaceAll('\r\n', '\r')),
  }
  for (const [encoding, bytes] of Object.entries(saved)) {
    const { provisioning, complete } = takeOver(undefined, [{ name: 'oobm.toml', bytes }])
    assert.equal([complete, provisioning.site.wifi[0]?.ssid], [true, 'Büro'], encoding)
  }
})

test('names the mistake of a person, not the error of a parser', () => {
  const cases: [text: string | Buffer, message: RegExp][] = [
    [WHOLE.replace('"rack1"', '“rack1”'), /^oobm\.toml:2: has a typographic quotation mark “.*type " instead$/],
    [
      Buffer.from(`${WHOLE}# Büro`, 'latin1'),
      /^oobm\.toml:\d+: has a character that is not UTF-8: open it with a plain/,
    ],
    [Buffer.alloc(4096), /^oobm\.toml: is empty: the copy was not finished/],
    ['', /^oobm\.toml: is empty/],
    ['{\\rtf1\\ansi version = 1}', /was saved by a word processor/],
    ['PK\u0003\u0004…', /was saved by a word processor/],
    [WHOLE.replace('= "rack1"', '= "rack1'), /^oobm\.toml:2: is not valid TOML/],
    // The line of the error, not the first that has something of the kind.
    [
      `# \u201ca\u201d\n${WHOLE}x = "\u201ca\u201d"\ny = b\n`,
      /^oobm\.toml:\d+: is not valid TOML: text must be in quotes: y = "…"$/,
    ],
    [
      `${WHOLE}[system]\ncountry = "DE"\n[[wifi]]\nssid = "corp\\branch"\n`,
      /:\d+: wifi\[1\]\.ssid: has U\+0008 \(backspace\), as character 5; .*use single quotes, ssid = 'corp\\branch'$/,
    ],
    [
      `${WHOLE}[system]\ncountry = "DE"\n[[wifi]]\nssid = "x"\npassphrase = "secret\\words"\n`,
      /:\d+: is not valid TOML: .*use single quotes, passphrase = '…'$/,
    ],
    [
      `${WHOLE}[system]\ncountry = "DE"\n[[wifi]]\nssid = "x"\npassphrase = "secret w\u00f6rd"\n`,
      /:\d+: wifi\[1\]\.passphrase: must be 8 to 63 plain characters, or 64 digits 0-9 a-f: character 9 is U\+00F6$/,
    ],
    [
      'version = 1\n[system]\nhostname = "x"\n',
      /only changes settings, and this device has none yet: .*whole file from the/,
    ],
    [WHOLE.replace('device = "rack1"\n', ''), /^oobm\.toml: device: is missing/],
    [WHOLE.replace(bridge.privateKey, relay.privateKey), /:\d+: secrets\.bridge_host_key: is not the private half/],
    [`${WHOLE}[system]\ntime_zone = "Mars/Olympus"\n`, /:\d+: system\.time_zone: must be a time zone/],
  ]
  for (const [text, message] of cases) assert.match(problemsOf(undefined, ['oobm.toml', text]), message)
})

test('gives each mistake of a change its line, and names what the device has already', () => {
  const change = '\n[[technicians]]\nname = "bob"\nkeys = ["x"]\n[[consoles]]\nname = "sw1"\nremove = true\n'
  assert.match(
    problemsOf(STORED, ['oobm.toml', change]),
    /^oobm\.toml:4: technicians\[1\]\.keys\[1\]: must be a public key line/,
  )
  assert.is(
    problemsOf(STORED, ['oobm.toml', '[[consoles]]\nname = "sw1"\nremove = true\n']),
    'oobm.toml: technicians "alice" consoles[1]: "sw1" is not a console of this device',
  )
  assert.match(problemsOf(STORED, ['oobm.toml', '[led]\npin = 99\n']), /^oobm\.toml:2: led\.pin: /)
  assert.match(problemsOf(STORED, ['oobm.toml', 'remove = true\n']), /^oobm\.toml:1: remove: is not a setting here/)
})

test('a common file and the board’s own are one: the own one wins, and each mistake names its file', () => {
  const common =
    '[system]\ncountry = "JP"\nhostname = "common"\n[[wifi]]\nssid = "Office"\npassphrase = "long enough"\n'
  const files = [
    { name: 'oobm.toml', bytes: Buffer.from(common) },
    { name: 'oobm-a1.toml', bytes: Buffer.from(`${WHOLE}[system]\nhostname = "own"\n`) },
  ]
  const { site, config } = takeOver(undefined, files).provisioning
  assert.equal([config.device, site.system.hostname, site.system.country], ['rack1', 'own', 'JP'])
  assert.is(site.wifi[0]?.ssid, 'Office')
  assert.match(
    problemsOf(undefined, ['oobm.toml', common.replace('long enough', 'short')], ['oobm-a1.toml', WHOLE]),
    /^oobm\.toml:6: wifi\[1\]\.passphrase: must be 8 to 63/,
  )
})

test('a console that takes the path of another is refused with both lines', () => {
  const second = '[[consoles]]\nname = "sw2"\npath = "/dev/ttyUSB0"\n'
  assert.match(
    problemsOf(undefined, ['oobm.toml', `${WHOLE}${second}`]),
    /:(\d+): consoles\[2\]\.path: "\/dev\/ttyUSB0" is the path of \S+ already: .* \(line \d+\)$/m,
  )
  // What a device has already has no line.
  assert.match(
    problemsOf(STORED, ['oobm.toml', second]),
    /^oobm\.toml:3: consoles\[1\]\.path: .* has a line of its own$/m,
  )
})

test('what it takes over reads back as the same', () => {
  const { text, provisioning } = takeOver(undefined, [{ name: 'oobm.toml', bytes: Buffer.from(WHOLE) }])
  assert.equal(takeOver(undefined, [{ name: 'again', bytes: Buffer.from(text) }]).provisioning, provisioning)
})

test('finds the files of a board by any spelling, and tells the others apart', () => {
  const names = [
    ...['OOBM.TOML', 'oobm-A1B2.toml', 'oobm-00ff.toml', 'oobm (1).toml', 'oobm.toml.txt', '._oobm.toml', 'config.txt'],
    ...['oobm-taken.oobm.toml', 'Copy of oobm.toml', 'oobm.toml~'],
  ]
  assert.equal(findFiles(names, '00000000a1b2'), {
    own: ['OOBM.TOML', 'oobm.toml.txt', 'oobm-A1B2.toml'],
    foreign: ['oobm-00ff.toml'],
    taken: ['oobm-taken.oobm.toml'],
    lookalikes: ['Copy of oobm.toml', 'oobm (1).toml', 'oobm.toml~'],
  })
  assert.equal(findFiles(names, undefined).own, ['OOBM.TOML', 'oobm.toml.txt'])
})

test('no message repeats what may be a secret', () => {
  const secret = 'hunter2-hunter2'
  const texts = [
    `${WHOLE}[[wifi]]\nssid = "x"\npassphrase = ${secret}\n`,
    `${WHOLE}[[wifi]]\nssid = "x"\npassphrase = "${secret}\n`,
    WHOLE.replace('relay_key = """', `relay_password = "${secret}"\nrelay_kye = """`),
    WHOLE.replace(/relay_key = """[\s\S]*?"""/, `relay_key = "${secret}"`),
  ]
  for (const text of texts) {
    const message = problemsOf(undefined, ['oobm.toml', text])
    assert.ok(message.length > 0)
    assert.not.match(message, secret)
  }
})

test.run()
