import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { siteSchema } from './site-config.ts'
import { parseToml } from './toml-file.ts'

const test = suite('settings of the hotspot')

const HEAD = '[system]\ncountry = "JP"\n'
const PASSPHRASE = 'passphrase = "correct horse"\n'
const hotspot = (lines: string, head = HEAD) => `${head}[hotspot]\n${lines}`

function problemsIn(text: string): string[] {
  try {
    parseToml('site.toml', text, siteSchema)
    return []
  } catch (err) {
    return String(err).split('\n')
  }
}

test('is off without a word, with defaults for all but the passphrase', () => {
  const off = parseToml('site.toml', '', siteSchema).hotspot
  assert.equal(off, { enabled: false, interface: 'wlan0', address: '192.168.76.1/24', band: '2.4GHz', automatic: true })
  assert.equal(problemsIn(hotspot(`enabled = true\n${PASSPHRASE}`)), [])
  // A passphrase that is kept for later.
  assert.equal(problemsIn(hotspot(PASSPHRASE, '')), [])
})

test('refuses what cannot be, and says what is wrong and what to write', () => {
  const rows: [lines: string, message: RegExp][] = [
    ['enabled = true\n', /hotspot\.passphrase.*is missing: a hotspot is never open/],
    ['passphrase = "1234567"\n', /passphrase.*8 to 63 plain characters \(it has 7\)/],
    [`passphrase = "${'x'.repeat(64)}"\n`, /8 to 63 plain characters \(it has 64\)/],
    [`passphrase = "${'0123456789abcdef'.repeat(4)}"\n`, /8 to 63 plain characters \(it has 64\)/],
    ['passphrase = "grüner Hund"\n', /plain characters: character 3 is/],
    ['passphrase = ""\n', /it has 0/],
    [`ssid = "${'東'.repeat(11)}"\n`, /ssid.*1 to 32 bytes/],
    ['ssid = ""\n', /ssid/],
    ['ssid = "two\\nlines"\n', /ssid/],
    ['address = "192.168.76.1"\n', /address.*with its network, such as 192\.168\.76\.1\/24/],
    ['address = "192.168.76.0/24"\n', /address of a host/],
    ['address = "192.168.76.1/29"\n', /network of \/16 to \/28/],
    ['address = "10.0.0.1/8"\n', /network of \/16 to \/28/],
    ['address = "fd00::1/64"\n', /IPv4 address/],
    ['interface = "eth0"\n', /hotspot\.interface.*must be the name of a wireless interface, such as wlan0 or wlan1/],
    ['interface = "wifi"\n', /must be the name of a wireless interface/],
    ['interface = "wlan0.network"\n', /must be the name of a wireless interface/],
    ['interface = "wl"\n', /must be the name of a wireless interface/],
    ['interface = 1\n', /hotspot\.interface/],
    ['band = "2.4"\n', /band.*must be "2\.4GHz" or "5GHz"/],
    ['band = "6GHz"\n', /must be "2\.4GHz" or "5GHz"/],
    ['enabled = "yes"\n', /enabled.*must be true or false/],
    ['automatic = 5\n', /automatic.*must be true or false/],
    ['chanel = 6\n', /chanel/],
  ]
  for (const [lines, message] of rows) assert.match(problemsIn(hotspot(lines)).join('\n'), message, lines)
  assert.match(
    problemsIn(hotspot(`enabled = true\n${PASSPHRASE}`, '')).join('\n'),
    /system\.country.*is missing: Wi-Fi needs to know/,
  )
})

test('does not repeat a wrong passphrase, which is a secret', () => {
  assert.not.match(problemsIn(hotspot('passphrase = "Gehéimnis"\n')).join('\n'), 'eimnis')
})

test('has a network of its own', () => {
  const with_ = (entry: string, address = '') =>
    problemsIn(`${hotspot(`enabled = true\n${PASSPHRASE}${address}`)}\n[[interfaces]]\nname = "eth0"\n${entry}`)
  const same = /hotspot\.address.*is in the same network as .* of eth0: the hotspot needs its own/
  assert.match(with_('role = "static"\naddress = "192.168.76.9/24"').join('\n'), same)
  assert.match(with_('fallback = "192.168.76.1/24"').join('\n'), same)
  assert.match(with_('addresses = ["192.168.76.77/25"]').join('\n'), same)
  assert.equal(with_('fallback = "192.168.77.1/24"'), [])
  assert.equal(with_('fallback = "192.168.76.1/24"', 'address = "192.168.75.1/24"\n'), [])
})

test.run()
