/** What a terminal of the desk says of its connection, and what is left of its screen when that is lost. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { hasChromium, openPage } from '../../../testbed/browser.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { madeConsoles } from './testing/made-consoles.ts'
import { startDesk } from './testing/start-desk.ts'

const all = suite('desk, a lost connection')
const LIMIT = { timeoutMs: 300_000 }
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  hasChromium() ? all(name, body, LIMIT) : all.skip(name, 'the package chromium is not installed')

const GREETING = String.raw`printf '[oobm: console x]\r\n'`
/** Says 60 lines, and has its connection cut at the first key; once. */
const cutOnce = (mark: string, before = '') =>
  `${GREETING}; stty -echo -icanon
   if [ ! -e ${mark} ]; then
     touch ${mark}; seq -f 'line %g' 60; ${before}
     head -c 1; kill -9 $PPID
   fi
   echo 'here again'; exec cat`

test('a terminal is connected when the console has said so, and not when ssh runs', async context => {
  const config = await madeConsoles(context, { mute: 'exec sleep 200', greets: `${GREETING}; exec cat` })
  const desk = await startDesk(context, ['--ssh-config', config])
  const { page } = await openPage(context)
  await page.goto(desk.url)
  await page.locator('li.device').first().waitFor()
  await page.evaluate(`location.hash = '#/console/mute,greets'`)
  const status = (name: string) => page.locator(`section[aria-label="${name}"] .status`)
  await status('greets').getByText('connected', { exact: true }).waitFor()
  assert.is(await status('mute').textContent(), 'connecting…')
})

test('after a lost connection the screen goes on below what it showed, also behind a full-screen program', async context => {
  const marks = await scratchDirectory(context)
  const config = await madeConsoles(context, {
    plain: cutOnce(join(marks, 'plain')),
    full: cutOnce(join(marks, 'full'), String.raw`printf '\033[?1049h\033[5;5Ha full screen\033]0;half'`),
  })
  const desk = await startDesk(context, ['--ssh-config', config])
  const { page } = await openPage(context)
  await page.goto(desk.url)
  await page.locator('li.device').first().waitFor()
  for (const [name, seen] of Object.entries({ plain: 'line 60', full: 'a full screen' })) {
    await page.evaluate(`location.hash = '#/console/${name}'`)
    const pane = page.locator(`section[aria-label="${name}"]`)
    const rows = pane.locator('.xterm-rows')
    await rows.getByText(seen).waitFor()
    await pane.locator('textarea').focus()
    await page.keyboard.press('x')
    let text = ''
    await waitFor(
      `${name} to go on`,
      async () => {
        text = (await rows.locator('> div').allTextContents()).map(line => line.trimEnd()).join('\n')
        return /\nhere again(\n|$)/.test(text)
      },
      { timeoutMs: 60_000 },
    ).catch(err => {
      throw new Error(`${err}; the screen:\n${text}`)
    })
    assert.match(text, /\nline 59\nline 60\n[\s\S]*\[oobm: console x\]\nhere again/, text)
    await pane.locator('.status').getByText('connected', { exact: true }).waitFor()
  }
})

all.run()
