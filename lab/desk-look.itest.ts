/** How the desk looks: what axe-core finds on each page, in both themes and languages, at the size of a desk and of a phone. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LANGUAGES } from '../formats/languages.ts'
import { WORDS } from '../relay-config/operator/desk/browser/words.ts'
import { hasChromium } from '../testbed/browser.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE, DEVICE } from './lab-fleet.ts'
import { startBuiltLab } from './testing/built-lab.ts'
import { openConsole, openDesk, operatorArgs } from './testing/desk-in-lab.ts'
import { bringAxe, looked } from './testing/desk-looks.ts'

const test = suite('desk, looked at')
const LIMIT = { timeoutMs: 500_000 }

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/** What is on each page once it is there. */
const SIGNS: Record<string, string> = {
  ...{ fleet: 'li.device', console: '.xterm-rows', device: 'svg path', replay: '.replay-page [aria-busy=false]' },
}

/** As a relay keeps it: a report every five minutes, and two losses. */
function trendOf(nowS: number): string {
  const lines = Array.from({ length: 500 }, (_, index) => {
    const atS = nowS - 150_000 + index * 300
    const state = index === 200 ? 'away' : index === 400 ? 'unproved' : 'ready'
    return `${atS} ${state} ${state === 'away' ? '-' : 40 + ((index * 37) % 23) + (index % 97 === 0 ? 300 : 0)}`
  })
  return `${lines.join('\n')}\n`
}

if (!hasChromium()) test.skip('axe-core finds nothing', 'the package chromium is not installed')
else
  test(
    'axe-core finds nothing on any page, in both themes and languages, and a phone needs no sideways scrolling',
    async context => {
      const lab = await startBuiltLab(context)
      // axe-core comes in by the test's own hand, past the policy of the page.
      const { page } = await openDesk(context, operatorArgs(lab), { bypassCSP: true })
      await openConsole(page)
      await bringAxe(page)
      const addresses = {
        ...{ fleet: '#/', console: `#/console/${CONSOLE}`, device: `#/device/${DEVICE}` },
        replay: `#/replay/${CONSOLE}/1`,
      }
      // A few days of a device that was lost twice, for its drawing.
      await writeFile(join(lab.state, 'state', DEVICE, 'trend.old'), trendOf(Math.floor(Date.now() / 1000)))
      const found: string[] = []
      for (const language of LANGUAGES) {
        for (const theme of ['light', 'dark']) {
          for (const [size, viewport] of Object.entries(SIZES)) {
            await page.setViewportSize(viewport)
            for (const [name, address] of Object.entries(addresses)) {
              const what = `${name}.${language}.${theme}.${size}`
              await page.evaluate(`location.hash = ${JSON.stringify(address)}`)
              await page
                .locator(SIGNS[name] ?? '')
                .first()
                .waitFor()
              if ((await page.locator('html').getAttribute('lang')) !== language)
                await page.locator('header button[lang]').click()
              const themeButton = page.locator('header button').last()
              await waitFor('the theme', async () => {
                const dark = await page.evaluate(
                  `getComputedStyle(document.body).backgroundColor === 'rgb(21, 25, 30)'`,
                )
                if (dark === (theme === 'dark')) return true
                await themeButton.click()
                return false
              })
              await page.getByText(WORDS[language].working, { exact: true }).first().waitFor({ state: 'detached' })
              if (name === 'device') {
                await page.getByRole('button', { name: WORDS[language].asks.doctor }).click()
                await page.locator('pre').waitFor()
              }
              found.push(...(await looked(page, what)))
              if (name !== 'console') continue
              const { who, line, sendFile } = WORDS[language]
              for (const [kind, label] of Object.entries({ people: who, speed: line, file: sendFile })) {
                await page.locator('.bar').getByRole('button', { name: label }).click()
                await page.locator('dialog').waitFor()
                await page
                  .locator('dialog pre', { hasText: CONSOLE })
                  .or(page.locator('dialog input[type=file]'))
                  .first()
                  .waitFor()
                found.push(...(await looked(page, `${kind}.${language}.${theme}.${size}`)))
                await page.keyboard.press('Escape')
                await page.locator('dialog').waitFor({ state: 'detached' })
              }
            }
          }
        }
      }
      assert.equal(found, [])
    },
    LIMIT,
  )

test.run()
