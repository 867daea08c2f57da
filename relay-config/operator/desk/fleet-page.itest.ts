/** The fleet in a real browser: what a search and a report do to its rows. */
import { rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { hasChromium, openPage } from '../../../testbed/browser.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { makeFleet, writeReport } from './testing/made-fleet.ts'
import { onRelay, startDesk } from './testing/start-desk.ts'

const all = suite('the fleet in a browser')
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  hasChromium() ? all(name, body, { timeoutMs: 180_000 }) : all.skip(name, 'the package chromium is not installed')

const NAMES = ['kyoto', 'osaka', 'tokyo']

async function openFleet(context: TestContext) {
  const folder = await scratchDirectory(context)
  await makeFleet(folder, NAMES, name => (name === 'kyoto' ? undefined : {}))
  const desk = await startDesk(context, onRelay(folder))
  const { page, complaints } = await openPage(context)
  await page.goto(desk.url)
  await page.locator('li.device', { hasText: 'never' }).waitFor()
  const names = () => page.locator('li.device:visible .name').allTextContents()
  return { folder, page, complaints, names }
}

test('no row is a list item: browsers count those anew for each that comes or goes', async context => {
  const { page } = await openFleet(context)
  const counted = `[...document.querySelectorAll('li')].filter(li => getComputedStyle(li).display === 'list-item').length`
  assert.is(await page.evaluate(counted), 0)
})

test('a row that looks the same stays; one that changed goes to its place, and keeps the focus', async context => {
  const { folder, page, complaints, names } = await openFleet(context)
  assert.equal(await names(), ['osaka', 'osaka-sw1', 'tokyo', 'tokyo-sw1', 'kyoto'])
  /** Without the ages, which grow. */
  const tokyo = async () =>
    (await page.locator('li.device', { hasText: 'tokyo' }).evaluate(row => row.outerHTML)).replace(/>[^<]* ago</g, '><')
  await page.evaluate(`for (const row of document.querySelectorAll('li.device')) row.isOld = true`)
  await page.getByRole('link', { name: 'kyoto', exact: true }).focus()
  // A report of the same moment that says nothing new of what a row shows; then its first report.
  const aside = await scratchDirectory(context)
  const [from, to] = [aside, folder].map(one => join(one, 'relay/state/tokyo/report.json')) as [string, string]
  const { atime, mtime } = await stat(to)
  await writeReport(aside, 'tokyo', { tookMs: 7, software: '9.9.9' })
  await utimes(from, atime, mtime)
  const before = await tokyo()
  // At once: the desk may look at any moment.
  await rename(from, to)
  await writeReport(folder, 'osaka', { uplink: 'wlan0' })
  await writeReport(folder, 'kyoto', { uplink: 'wwan0' })
  await page.locator('li.device', { hasText: 'wwan0' }).waitFor()
  await page.locator('li.device', { hasText: 'wlan0' }).waitFor()
  assert.is(await tokyo(), before)
  const rows = `[...document.querySelectorAll('li.device')].map(row => [row.querySelector('.name').textContent, row.isOld === true])`
  assert.equal(await page.evaluate(rows), [
    ['kyoto', false],
    ['osaka', false],
    ['tokyo', true],
  ])
  assert.is(await page.evaluate('document.activeElement.textContent'), 'kyoto')

  await page.keyboard.press('/')
  await page.keyboard.type('saka')
  assert.equal(await names(), ['osaka', 'osaka-sw1'])
  await page.keyboard.press('ArrowDown')
  assert.is(await page.evaluate('document.activeElement.textContent'), 'osaka')
  await page.keyboard.press('Escape')
  assert.is((await names()).length, 6)
  assert.equal(complaints, [])
})

all.run()
