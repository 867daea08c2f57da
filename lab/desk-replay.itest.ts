/** Recorded sessions played in the desk, in a real browser, against the real relay, device and console of a lab. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { hasChromium } from '../testbed/browser.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE, DEVICE } from './lab-fleet.ts'
import { startBuiltLab } from './testing/built-lab.ts'
import { openConsole, openDesk, operatorArgs, screenSays, technicianArgs } from './testing/desk-in-lab.ts'

const all = suite('replay in the desk')
const LIMIT = { timeoutMs: 500_000 }
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  hasChromium() ? all(name, body, LIMIT) : all.skip(name, 'the package chromium is not installed')

const slider = (page: Page) => page.getByRole('slider', { name: 'Moment of the session' })

/** To a part of the whole, as a person who drags it; the player then stands still. */
async function slideTo(page: Page, part: number): Promise<void> {
  const pause = page.getByRole('button', { name: 'Pause' })
  if (await pause.isVisible()) await pause.click({ timeout: 2_000 }).catch(() => {})
  await slider(page).evaluate(
    // In the page.
    `(slider => { slider.value = String(Number(slider.max) * ${part}); slider.dispatchEvent(new Event('input')) })(document.querySelector('.controls input'))`,
  )
}

/** Leaves the console, and waits until the device has the end of the session. */
async function leaveConsole(page: Page): Promise<void> {
  await page.getByRole('button', { name: `Close ${CONSOLE}` }).click()
  await page.locator('li.device').first().waitFor()
}

async function showsNot(page: Page, text: RegExp): Promise<void> {
  await waitFor(`the screen without ${text}`, async () => {
    const lines = await page.locator('.xterm-accessibility-tree').locator('> *').allTextContents()
    return !lines.some(line => text.test(line))
  })
}

test('a technician plays what they did, with a slider, from the page of the device', async context => {
  const lab = await startBuiltLab(context)
  const { page, complaints } = await openDesk(context, technicianArgs(lab))
  await openConsole(page)
  await page.keyboard.type('enable\n')
  await screenSays(page, /Router#/)
  await page.getByText('BREAK', { exact: true }).click()
  await page.getByRole('button', { name: 'BREAK for 1000 ms' }).click()
  await page.getByText('BREAK was sent').waitFor()
  await page.locator('.screen').click()
  await page.keyboard.type('show clock\n')
  await screenSays(page, /rommon 1 > show clock/)
  await leaveConsole(page)

  await page.getByRole('link', { name: DEVICE, exact: true }).click()
  await page.getByRole('link', { name: 'Recorded sessions' }).click()
  const row = page.locator('tr', { hasText: 'alice' })
  await row.getByText(/left|disconnected/).waitFor()
  await row.getByRole('link').click()
  await page.getByRole('heading', { name: /recording 1: alice/ }).waitFor()
  await slideTo(page, 1)
  await screenSays(page, /enable[\s\S]*rommon 1 > show clock/)
  await slideTo(page, 0)
  await showsNot(page, /show clock/)
  await page.getByRole('button', { name: /BREAK/ }).click()
  await screenSays(page, /enable[\s\S]*Router#/)
  await showsNot(page, /show clock/)
  assert.match((await slider(page).getAttribute('aria-valuetext')) ?? '', /^\d+:\d\d · \d{4}-\d\d-\d\d .* UTC$/)

  // From the beginning to the end by itself.
  await slideTo(page, 0)
  await page.getByLabel('Speed').selectOption('16')
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await screenSays(page, /rommon 1 > show clock/)
  await page.keyboard.type('nobody types here')
  await page.evaluate(`location.hash = '#/replay/${CONSOLE}/99'`)
  await page.getByText(`${CONSOLE} has no recording 99`).waitFor()
  assert.equal(complaints, [])
})

test('an operator goes from a session in the history to its recording', async context => {
  const lab = await startBuiltLab(context)
  const { page, complaints } = await openDesk(context, operatorArgs(lab))
  await openConsole(page)
  await leaveConsole(page)
  const told = join(lab.directory, 'relay/oobm/state', DEVICE, 'past')
  await waitFor('the end of the session at the relay', async () =>
    (await readFile(told, 'utf8').catch(() => '')).includes('"toS"'),
  )
  await page.getByRole('link', { name: DEVICE, exact: true }).click()
  await page.locator('.timeline li', { hasText: 'session' }).getByRole('link', { name: 'Replay' }).click()
  await page.getByRole('heading', { name: /recording 1: alice/ }).waitFor()
  await slideTo(page, 1)
  await screenSays(page, /Router>/)
  assert.equal(complaints, [])
})

/** As a hand does: over the link first. */
async function clickText(page: Page, text: string): Promise<void> {
  const row = page.locator('.xterm-rows > div', { hasText: text }).last()
  await row.scrollIntoViewIfNeeded()
  const [x, y] = await row.evaluate((element, text) => {
    const range = element.ownerDocument.createRange()
    const nodes = element.ownerDocument.createTreeWalker(element, 4)
    for (let node = nodes.nextNode(); node !== null; node = nodes.nextNode()) {
      const at = node.textContent?.indexOf(text) ?? -1
      if (at < 0) continue
      range.setStart(node, at)
      range.setEnd(node, at + text.length)
    }
    const { left, top, width, height } = range.getBoundingClientRect()
    return [left + width / 2, top + height / 2] as const
  }, text)
  await page.mouse.move(x, y)
  await page.mouse.click(x, y)
}

/** What it says makes a terminal answer, write the clipboard, name the window and lead elsewhere; and what HTML would obey. */
const HOSTILE = String.raw`read go; yes 'a line of a flood that never ends' | head -c 2000000; printf '\r\nhello\033]52;c;c3RvbGVu\007\033]0;owned\007\033[c\033[6n\033]8;;http://evil.example/\007hidden\033]8;;\007 http://shown.example/\033[2147483647b\r\n<img src=x onerror="document.title=1"><script>alert(1)</script>\r\nthe flood is over\r\n'; cat`

test('a hostile recording gets no clipboard, no title, no answer, no script and no link without a question', async context => {
  const lab = await startBuiltLab(context, '--port', `exec:${HOSTILE}`)
  const { page, complaints } = await openDesk(context, technicianArgs(lab), {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.locator('.consoles').getByRole('link', { name: CONSOLE, exact: true }).click()
  await page.locator('.status', { hasText: /^connected$/ }).waitFor()
  await screenSays(page, /you type/)
  await page.keyboard.press('Enter')
  await screenSays(page, /the flood is over/)
  await leaveConsole(page)
  await page.evaluate(`navigator.clipboard.writeText('mine')`)
  await page.evaluate(`location.hash = '#/replay/${CONSOLE}/1'`)
  await page.getByRole('heading', { name: /recording 1: alice/ }).waitFor()
  await page.locator('[aria-busy=false]').waitFor()
  await slideTo(page, 1)
  await screenSays(page, /hellohidden http:\/\/shown.example\//)
  await slideTo(page, 0)
  await showsNot(page, /the flood is over/)
  await slideTo(page, 1)
  await screenSays(page, /the flood is over/)
  await screenSays(page, /<img src=x onerror=.*<script>alert\(1\)<\/script>/)
  assert.is(await page.evaluate('navigator.clipboard.readText()'), 'mine')
  assert.match(await page.title(), /oobm desk$/)
  assert.is(await page.locator('img, .replay-page script').count(), 0)
  await clickText(page, 'hidden')
  await clickText(page, 'shown.example')
  await page.getByRole('heading', { name: 'Open this address?' }).waitFor()
  await page.getByText('http://shown.example/', { exact: true }).waitFor()
  assert.is(page.context().pages().length, 1)
  assert.equal(complaints, [])
})

all.run()
