/** The desk in a real browser, against the real relay, device and console of a lab. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { openTerminal } from '../console-bridge/testing/bridge-fixture.ts'
import { hasChromium } from '../testbed/browser.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE, DEVICE } from './lab-fleet.ts'
import { startBuiltLab } from './testing/built-lab.ts'
import { openConsole, openDesk, operatorArgs, SLOW_MS, screenSays, technicianArgs } from './testing/desk-in-lab.ts'

const all = suite('desk in a browser')
const LIMIT = { timeoutMs: 500_000 }
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  hasChromium() ? all(name, body, LIMIT) : all.skip(name, 'the package chromium is not installed')

/** In the page: what the browser does for Ctrl-V. */
const PASTE = `{
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/plain', 'show version\\nshow clock\\nshow nothing-of-that-kind\\n')
  const pasted = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
  document.querySelector('.screen textarea').dispatchEvent(pasted)
}`

test('a technician with nothing but their folder finds a console, types, sends a BREAK, pastes and reads the log', async context => {
  const lab = await startBuiltLab(context)
  const { page, complaints, desk } = await openDesk(context, technicianArgs(lab))
  const row = page.locator('li.device', { hasText: DEVICE })
  await row.getByText('ready').waitFor()
  await row.getByRole('img', { name: /^LED: / }).waitFor()
  await page.getByText('alice', { exact: true }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('no such device')
  await page.getByText('No device matches.').waitFor()
  await page.keyboard.press('Escape')
  await openConsole(page)

  const second = openTerminal(context, 'ssh', [
    '-F',
    join(lab.directory, 'ssh_config'),
    '-o',
    'BatchMode=yes',
    '-tt',
    'console',
    'watch',
  ])
  await second.says(/Router>/, SLOW_MS)
  await page.keyboard.type('enable\n')
  await screenSays(page, /Router#/)
  await second.says(/Router>.*enable.*Router#/s, SLOW_MS)
  await page.getByRole('button', { name: 'Who is here' }).click()
  await page.locator('dialog pre', { hasText: /alice[\s\S]*alice/ }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

  // Several lines wait for a yes, and go one by one.
  await page.evaluate(PASTE)
  await page.getByRole('heading', { name: 'Paste 3 lines' }).waitFor()
  assert.not.match(second.output(), /show version/)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await second.says(/show version.*show clock.*show nothing-of-that-kind/s, SLOW_MS)
  await page.locator('dialog').waitFor({ state: 'detached' })

  await page.keyboard.type('reload\n')
  await screenSays(page, /\[confirm\]/)
  await page.keyboard.press('Enter')
  await screenSays(page, /System Bootstrap/)
  await page.getByText('BREAK', { exact: true }).click()
  await page.getByRole('button', { name: 'BREAK for 1000 ms' }).click()
  await page.getByText('BREAK was sent').waitFor()
  await screenSays(page, /rommon \d+ >/)

  await page.getByRole('button', { name: 'Log' }).click()
  const log = page.locator('dialog pre')
  await page.locator('dialog pre', { hasText: /\d\d:\d\d:\d\d[\s\S]*Router#/ }).waitFor()
  await page.getByLabel('Only lines with').fill('rommon 1')
  await page.getByRole('button', { name: 'Show' }).click()
  await waitFor('the lines that match', async () => {
    const text = (await log.textContent()) ?? ''
    return text.includes('rommon 1') && !text.includes('System Bootstrap')
  })
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

  // The connection is lost, and comes back by itself.
  const { stdout } = await runProgram('pgrep', ['-f', `^ssh: ${desk.runtime}/oobm-desk-[A-Za-z0-9]+/s[0-9]+ `])
  const shared = stdout.split('\n').filter(Boolean).map(Number)
  assert.ok(shared.length > 0)
  for (const pid of shared) process.kill(pid, 'SIGKILL')
  await page.getByText(/the connection was lost/).waitFor()
  await page.locator('.status', { hasText: /^connected$/ }).waitFor()
  await page.keyboard.type('here again')
  // Below what was on the screen before, with nothing of it lost.
  await screenSays(page, /Self-test: [\s\S]*you are alice[\s\S]*here again/)
  assert.equal(complaints, [])

  desk.program.child.kill('SIGINT')
  await waitFor('the end of the desk', () => desk.program.ended())
  assert.is(desk.program.child.exitCode, 0, desk.program.output())
  await page.getByText('The desk does not answer').waitFor()
  const left = await runProgram('pgrep', ['-fa', desk.runtime])
  assert.is(left.stdout, '', 'no terminal and no shared connection outlives the desk')
})

test('an operator sees who is on which console, and switches access off and on', async context => {
  const lab = await startBuiltLab(context)
  const { page, complaints } = await openDesk(context, operatorArgs(lab))
  await openConsole(page)
  await page.getByRole('link', { name: 'oobm desk' }).click()
  const row = page.locator('li.device', { hasText: DEVICE })
  await row.getByText('alice (types)').waitFor()
  await row.getByText('in-use').waitFor()
  await row.getByText(/by a (login through the tunnel|second connection)/).waitFor()
  await page.getByLabel('Show:').selectOption('bad')
  await page.getByText('No device matches.').waitFor()
  await page.getByLabel('Show:').selectOption('all')

  await page.getByRole('link', { name: DEVICE, exact: true }).click()
  await page.getByRole('heading', { name: 'History' }).waitFor()
  await page.getByLabel('Reason, for the history').fill('power <b>work</b>')
  await page.getByRole('button', { name: 'Switch access off' }).click()
  await page.locator('.told', { hasText: 'off' }).waitFor()
  await page.locator('.timeline', { hasText: /access off[\s\S]*power <b>work<\/b>/ }).waitFor()
  await page.locator('.big', { hasText: 'maintenance' }).waitFor()
  await page.getByRole('button', { name: 'Switch access on' }).click()
  await page.locator('.big', { hasText: /ready|in-use/ }).waitFor()
  await page.getByRole('button', { name: 'Flash its LED' }).click()
  await page.getByText(`${DEVICE} blinks for 30 s`).waitFor()
  assert.equal(complaints, [])
})

/** The router's place is taken by something that says what no router would. */
const HOSTILE = String.raw`printf 'hello\033]52;c;c3RvbGVu\007\033]0;owned\007\033]8;;http://evil.example/\007click me\033]8;;\007\r\n'; yes 'a line of a flood that never ends' | head -c 4000000; printf '\r\nthe flood is over\r\n'; cat`

test('a hostile target gets no clipboard, no link without a question, and no more memory than its screen', async context => {
  const lab = await startBuiltLab(context, '--port', `exec:sleep 5; ${HOSTILE}`)
  const { page, complaints } = await openDesk(context, technicianArgs(lab), {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.evaluate(`navigator.clipboard.writeText('mine')`)
  await page.locator('.consoles').getByRole('link', { name: CONSOLE, exact: true }).click()
  await screenSays(page, /the flood is over/)
  assert.is(await page.evaluate('navigator.clipboard.readText()'), 'mine')
  assert.match(await page.title(), /oobm desk$/)
  await page.keyboard.type('see http://evil.example/x now\n')
  await screenSays(page, /see http:\/\/evil\.example\/x now/)
  const box = await page.locator('.xterm-screen').boundingBox()
  const line = page.locator('.xterm-rows > div', { hasText: 'evil.example' }).last()
  const place = await line.boundingBox()
  assert.ok(box && place)
  await page.mouse.move(box.x + 60, place.y + place.height / 2)
  await page.mouse.click(box.x + 60, place.y + place.height / 2)
  await page.getByRole('heading', { name: 'Open this address?' }).waitFor()
  assert.is(await page.locator('dialog .address').textContent(), 'http://evil.example/x')
  assert.is(page.context().pages().length, 1)
  assert.equal(complaints, [])
})

all.run()
