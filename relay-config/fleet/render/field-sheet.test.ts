import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LANGUAGES } from '../../../formats/languages.ts'
import { STATE_NAMES } from '../../../formats/states.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { fieldSheet } from './field-sheet.ts'

const test = suite('field sheet')

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../../docs/fleet.example.toml'), 'utf8')
const SITE = {
  wifi: [{ ssid: '</p><script>alert(1)</script>', passphrase: 'correct horse battery' }],
  interfaces: [{ name: 'eth0', addresses: ['192.0.2.10/24'] }],
}

function sheets(text = EXAMPLE) {
  const fleet = parseFleet('fleet.toml', text)
  const [device] = fleet.devices
  assert.ok(device)
  return LANGUAGES.map(language => ({ language, device, html: fieldSheet(fleet, device, SITE, language) }))
}

test('says in each language what it is, whom to call, what it must reach, each console and each state', () => {
  for (const { html, language, device } of sheets()) {
    assert.match(html, `<html lang="${language}">`)
    for (const part of ['NOC +81 3 1234 5678', 'relay.example.net, TCP 443', 'eth0 192.0.2.10/24'])
      assert.ok(html.includes(part), `${language}: ${part}`)
    for (const { name } of device.consoles) assert.ok(html.includes(`<b>${name}</b>`), name)
    for (const state of [...STATE_NAMES, 'not-running']) assert.ok(html.includes(`<td>${state}</td>`), state)
    assert.match(html, 'FTDI FT232R USB UART A50285BI')
    assert.match(html, '<td class="line">9600 8N1</td>')
  }
})

test('has neither a passphrase nor a key nor a script in it, and asks nothing of the network', () => {
  for (const { html } of sheets()) {
    assert.not.match(html, /correct horse|AAAAC3Nza|<script|https?:|src=|url\(/)
    assert.match(html, '&lt;script&gt;')
  }
})

test('names the contact of the device before that of the fleet, and nobody where there is none', () => {
  const own = EXAMPLE.replace('# contact = "Tokyo NOC', 'contact = "Tokyo NOC')
  const none = EXAMPLE.replace(/^contact = .*$/m, '')
  for (const { html } of sheets(own)) assert.match(html, '<dd>Tokyo NOC +81 3 8765 4321</dd>')
  assert.match(sheets(none)[0]?.html ?? '', '<dd>whoever gave you this sheet</dd>')
})

test('has the cable of a console, and the USB port where that is its line', () => {
  const text = EXAMPLE.replace(/^# label = .*$/m, 'label = { model = "C9300", cable = "light blue" }')
  assert.match(sheets(text)[0]?.html ?? '', /<td>C9300<\/td><td>[^<]*<\/td><td>light blue<\/td>/)
})

test('a contact that would break the page is refused', () => {
  const wrong = EXAMPLE.replace(/^contact = .*$/m, 'contact = "two\\nlines"')
  assert.throws(() => parseFleet('fleet.toml', wrong), /contact/)
})

test.run()
