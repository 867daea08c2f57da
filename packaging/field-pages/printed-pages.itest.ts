/** The pages that are printed, as a real browser lays them out, in each language: on one A4 page, nothing cut off, nothing over something else. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LANGUAGES } from '../../formats/languages.ts'
import { type Fleet, parseFleet } from '../../relay-config/fleet/fleet-config.ts'
import { fieldSheet } from '../../relay-config/fleet/render/field-sheet.ts'
import { technicianSheet } from '../../relay-config/fleet/render/technician-sheet.ts'
import { FLEET, KEY } from '../../relay-config/fleet/render/testing/two-relays.ts'
import { hasChromium, openPage, type TestPage } from '../../testbed/browser.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { fieldPages } from './field-pages.ts'

/** The letters are as wide as in the PDF files with this font alone. */
const FONT = '/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf'
const missing = [
  ...(hasChromium() ? [] : ['the package chromium is not installed']),
  ...(existsSync(FONT) ? [] : ['the package fonts-ipaexfont-gothic is not installed']),
].join(', ')

const all = suite('printed pages')
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  missing === '' ? all(name, body, { timeoutMs: 240_000 }) : all.skip(name, missing)

type Page = TestPage['page']

/**
 * A function of a page: what is wrong with the places of its texts. A line of text must be within the page, within the box that it
 * begins in, and neither over another one nor over what is drawn. Half a pixel is nothing; the upper and lower tenth of a line is empty.
 */
const COMPLAINTS = `(width, height) => {
  const lines = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (node.data.trim() === '' || node.parentElement.closest('title, style')) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const tenth = (bottom - top) / 10
      if (right - left > 0.5)
        lines.push({ node, said: node.data.trim().slice(0, 50), left, right, top: top + tenth, bottom: bottom - tenth })
    }
  }
  const boxes = [...document.querySelectorAll('svg rect, svg path')]
    .map(shape => shape.getBoundingClientRect())
    .filter(shape => shape.width < width - 1)
  const found = lines.length < 4 ? ['hardly any text: ' + lines.length] : []
  for (const one of lines) {
    if (one.left < 0 || one.right > width + 0.5 || one.top < 0 || one.bottom > height + 0.5) found.push('cut off: ' + one.said)
    const cell = one.node.parentElement.closest('td, th, dd, dt, li, p, h1, h2')?.getBoundingClientRect()
    const drawn = boxes.find(box => box.left <= one.left && one.left < box.right && box.top <= one.top && one.top < box.bottom)
    for (const box of boxes)
      if (box !== drawn && one.left < box.right && box.left < one.right && one.top < box.bottom && box.top < one.bottom)
        found.push('over a line or a bar: ' + one.said)
    for (const box of [cell, drawn])
      if (box && (one.right > box.right + 0.5 || one.bottom > box.bottom + 0.5)) found.push('out of its box: ' + one.said)
  }
  for (const [at, one] of lines.entries())
    for (const other of lines.slice(at + 1)) {
      const isBeside = one.right <= other.left + 0.5 || other.right <= one.left + 0.5
      const isBelow = one.bottom <= other.top + 0.5 || other.bottom <= one.top + 0.5
      if (!isBeside && !isBelow) found.push('over each other: ' + one.said + ' | ' + other.said)
    }
  return found
}`

const PX_PER_MM = 96 / 25.4
const A4 = { width: 210 * PX_PER_MM, height: 297 * PX_PER_MM }

async function complaints(page: Page, { width, height }: typeof A4): Promise<string[]> {
  await page.setViewportSize({ width: Math.ceil(width), height: Math.ceil(height) })
  return page.evaluate(`(${COMPLAINTS})(${width}, ${height})`)
}

async function pagesOf(page: Page): Promise<number> {
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true })
  return pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0
}

/** As @page has it: A4 without its margins. */
async function checkSheet(page: Page, html: string, what: string) {
  await page.emulateMedia({ media: 'print' })
  await page.setContent(html)
  const area = { width: A4.width - 24 * PX_PER_MM, height: A4.height - 18 * PX_PER_MM }
  assert.equal(await complaints(page, area), [], what)
  assert.is(await pagesOf(page), 1, `${what}: pages`)
}

test('the field guide and the LED card, in each language', async context => {
  const { page } = await openPage(context)
  for (const [name, svg] of Object.entries(fieldPages())) {
    await page.setContent(
      `<!doctype html><style>@page { size: A4; margin: 0 } body { margin: 0 } svg { display: block }</style>${svg}`,
    )
    assert.equal(await complaints(page, A4), [], name)
    assert.is(await pagesOf(page), 1, `${name}: pages`)
  }
})

test('the sheet of a device, in each language, also of one with four consoles that say much of themselves', async context => {
  const { page } = await openPage(context)
  const example = readFileSync(join(import.meta.dirname, '../../docs/fleet.example.toml'), 'utf8')
  const fleet = parseFleet('fleet.toml', example)
  const [device] = fleet.devices
  const [first] = device?.consoles ?? []
  assert.ok(device !== undefined && first !== undefined)
  const label = { site: 'Tokyo-Shinagawa 3F', rack: 'B-17', model: 'Catalyst 9300-48UXM-E', cable: 'light blue, RJ45' }
  const path = '/dev/serial/by-id/usb-Prolific_Technology_Inc._USB-Serial_Controller_D-if00-port0'
  const consoles = [1, 2, 3, 4].map(at => ({ ...first, name: `shinagawa-core-sw${at}`, label, path }))
  const site = {
    wifi: [{ ssid: 'a name of thirty-two bytes is long', passphrase: 'correct horse' }],
    interfaces: [{ name: 'eth0', addresses: ['2001:db8:1234:5678:9abc:def0:1234:5678/64', '192.0.2.10/24'] }],
  }
  for (const language of LANGUAGES) {
    await checkSheet(page, fieldSheet(fleet, device, {}, language), language)
    await checkSheet(page, fieldSheet(fleet, { ...device, consoles }, site, language), `${language}, four consoles`)
  }
})

test('the sheet of a technician, in each language, with ways of each kind and with none', async context => {
  const { page } = await openPage(context)
  const keys = { shell: KEY[0] ?? '', bridge: KEY[1] ?? '' }
  const fleet: Fleet = {
    ...FLEET,
    relays: FLEET.relays.map(relay => ({ ...relay, accounts: 'dedicated' as const })),
    devices: FLEET.devices.map(device => ({ ...device, gateway: true })),
  }
  const [alice] = fleet.technicians
  assert.ok(alice)
  for (const language of LANGUAGES) {
    const sheet = (login: typeof alice.login, of = fleet) =>
      technicianSheet(of, { ...alice, login }, () => keys, language)
    const whole = sheet('all')
    assert.is(whole.match(/<h2>/g)?.length, 2, 'way 2 and way 3')
    await checkSheet(page, whole, `${language}, all`)
    await checkSheet(page, sheet([], FLEET), `${language}, none`)
  }
})

all.run()
