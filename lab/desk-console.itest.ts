/** What one does at a console beside typing, from the desk in a real browser: people, power, speed, files; by the real bridge, outlets and lrzsz. */
import { constants } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { openTerminal } from '../console-bridge/testing/bridge-fixture.ts'
import { joinedPtys } from '../console-bridge/testing/joined-ptys.ts'
import { hasChromium } from '../testbed/browser.ts'
import { startOutletServer } from '../testbed/outlet-servers.ts'
import { programArgs } from '../testbed/programs.ts'
import { startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE } from './lab-fleet.ts'
import { startBuiltLab } from './testing/built-lab.ts'
import { openDesk, SLOW_MS, screenSays, technicianArgs } from './testing/desk-in-lab.ts'
import { bringAxe, looked } from './testing/desk-looks.ts'

const all = suite('a console of the desk')
const LIMIT = { timeoutMs: 500_000 }
const SLOW = { timeoutMs: SLOW_MS }
const test = (name: string, body: (context: TestContext) => Promise<void>) =>
  hasChromium() ? all(name, body, LIMIT) : all.skip(name, 'the package chromium is not installed')

const FILE = Buffer.from(Array.from({ length: 30_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff))

/** A lab with a target on a pty, and the page at its console. */
async function atConsole(context: TestContext) {
  const directory = await scratchDirectory(context)
  const { path, targetPath } = await joinedPtys(context, directory)
  const socket = join(directory, 'power.socket')
  process.env.OOBM_POWER_SOCKET = socket
  context.cleanup(() => delete process.env.OOBM_POWER_SOCKET)
  const lab = await startBuiltLab(context, '--port', path)
  const target = await open(targetPath, constants.O_RDWR | constants.O_NOCTTY)
  context.cleanup(() => target.close())
  const says = (text: string) => target.write(text)
  const start = async (options: BrowserContextOptions = {}) => {
    const opened = await openDesk(context, technicianArgs(lab), options)
    await opened.page.locator('.consoles').getByRole('link', { name: CONSOLE, exact: true }).click()
    await screenSays(opened.page, /for help\]/)
    return opened
  }
  const second = async () => {
    const ssh = ['-F', join(lab.directory, 'ssh_config'), '-o', 'BatchMode=yes', '-tt', 'console']
    const terminal = openTerminal(context, 'ssh', ssh)
    await terminal.says(/for help\]/, SLOW_MS)
    return terminal
  }
  /** A program of the target at its end of the line. */
  const onTarget = (command: string) => {
    const program = startProgram('socat', ['-d', `OPEN:${targetPath},noctty`, `EXEC:${command},pipes`], {
      cwd: directory,
    })
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  return { directory, lab, socket, says, start, second, onTarget }
}

const dialog = (page: Page) => page.getByRole('dialog')
const close = (page: Page) => dialog(page).getByRole('button', { name: 'Close' }).click()

/** In the page: what the browser does when a file is dropped. */
const drop = (name: string, bytes: number) => `{
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(new File([new Uint8Array(${bytes}).map((_, index) => (index * 7 + (index >> 8)) & 0xff)], ${JSON.stringify(name)}))
  document.querySelector('.screen').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
}`

test('people: who types and who watches, messages both ways, taking over and giving up', async context => {
  const { start, second } = await atConsole(context)
  const { page, complaints } = await start()
  const who = page.getByRole('button', { name: 'Who is here' })
  await page.getByRole('button', { name: 'Who is here: alice types', exact: true }).waitFor()
  assert.not(await page.getByRole('button', { name: 'Power', exact: true }).isVisible(), 'nothing feeds it')

  await who.click()
  await dialog(page).getByLabel('Message to the others').fill('is anybody here?')
  await dialog(page).getByRole('button', { name: 'Send the message' }).click()
  await dialog(page).getByText('nobody else is here; the message was not sent').waitFor()
  await close(page)

  const other = await second()
  await page.getByRole('button', { name: 'Who is here: alice types, alice watches' }).waitFor()
  await who.click()
  await dialog(page).getByLabel('Message to the others').fill("it's me; $(id)")
  await dialog(page).getByRole('button', { name: 'Send the message' }).click()
  await dialog(page).getByText('message sent to alice').waitFor()
  await other.says(/\[oobm: message from alice: it's me; \$\(id\)\]/)
  await close(page)

  other.types('\x1dm')
  await other.says(/message to the others/)
  other.types('hello <b>desk</b>\r')
  await page.locator('.status', { hasText: 'message from alice: hello <b>desk</b>' }).waitFor()
  await who.click()
  await dialog(page).locator('.messages', { hasText: 'message from alice: hello <b>desk</b>' }).waitFor()
  await close(page)

  other.types('\x1dw')
  await screenSays(page, /alice took over typing/)
  await who.click()
  await dialog(page).getByRole('button', { name: 'Take over typing' }).click()
  await other.says(/took over typing/)
  await who.click()
  await dialog(page).getByRole('button', { name: 'Stop typing, only watch' }).click()
  await page.getByRole('button', { name: 'Who is here: alice watches, alice watches' }).waitFor()
  assert.equal(complaints, [])
})

test('speed: shown, set, refused in the words of the device, and back as it was', async context => {
  const { start } = await atConsole(context)
  const { page, complaints } = await start()
  await page.getByRole('button', { name: 'Speed' }).click()
  const shown = dialog(page).getByRole('log')
  await shown.getByText(`${CONSOLE}: 9600 8N1`).waitFor()
  const setting = dialog(page).getByLabel('New settings')
  const set = dialog(page).getByRole('button', { name: 'Set the line' })
  await setting.fill('115200 8N1')
  await set.click()
  await shown.getByText(`${CONSOLE}: 115200 8N1, until the last session leaves`).waitFor()
  await dialog(page).getByText('Done.').waitFor()
  await setting.fill('parity 115200')
  await set.click()
  await dialog(page)
    .getByText(/Not done \(exit code 64\)/)
    .waitFor()
  await setting.fill('faster')
  await set.click()
  await dialog(page)
    .getByText(/Not done \(exit code 64\)\. .*SETTING cannot be "faster"/)
    .waitFor()
  await dialog(page).getByRole('button', { name: 'Back to what is configured' }).click()
  await shown.getByText(`${CONSOLE}: 9600 8N1, as configured`).waitFor()
  await dialog(page).getByRole('button', { name: 'Find the speed' }).click()
  await shown.getByText('listening for up to 60 s').waitFor()
  await close(page)
  await screenSays(page, /the speed of the target was not found: .*stopped|the speed of the target was not found/)
  assert.equal(complaints, [])
})

test('power: shown, refused without the name, cycled with BREAKs up to the boot monitor', async context => {
  const { directory, lab, socket, says, start } = await atConsole(context)
  const strip = await startOutletServer(context, 'shelly', { channels: [0] })
  const switched = () => strip.log.map(({ what }) => what)
  await giveOutlet(lab.directory, strip.address)
  const env = {
    OOBM_CONFIG: configOf(lab.directory),
    OOBM_POWER_SOCKET: socket,
    STATE_DIRECTORY: join(directory, 'power'),
  }
  const power = startProgram(process.execPath, programArgs('power/main.ts'), { env })
  context.cleanup(() => power.stop(10_000))
  context.onFailure(power.output)
  await power.says(/"msg":"listening"/, SLOW_MS)
  const { page, complaints } = await start({ bypassCSP: true })
  const button = page.getByRole('button', { name: 'Power', exact: true })
  await button.click()
  const shown = dialog(page).getByRole('log')
  await shown.getByText('plug  on').waitFor()
  const name = dialog(page).getByLabel('type the name of the console')
  await name.fill('another')
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await shown.getByText(`nothing was switched: this is not ${CONSOLE}`).waitFor()
  await dialog(page).getByText('Not done (exit code 64).').waitFor()
  assert.equal(switched(), [])

  await name.fill(CONSOLE)
  await dialog(page).getByRole('button', { name: 'Cycle, then BREAK' }).click()
  await shown.getByText('plug is off').waitFor()
  await shown.getByText('BREAK until a prompt comes').waitFor()
  await says('\r\nSystem Bootstrap\r\n\r\nrommon 1 > ')
  await shown.getByText(/shows a prompt, after \d+ BREAKs: rommon 1 >/).waitFor()
  await dialog(page).getByText('Done.').waitFor()
  await bringAxe(page)
  assert.equal(await looked(page, 'power.en.light.desk'), [])
  await page.setViewportSize({ width: 390, height: 844 })
  assert.equal(await looked(page, 'power.en.light.phone'), [])
  assert.equal(switched(), ['0 off', '0 on'])

  // Who may not is told so by the device.
  await giveOutlet(lab.directory, strip.address, false)
  await close(page)
  await waitFor(
    'the bridge with the new rights',
    async () => {
      await button.click()
      await dialog(page).getByRole('button', { name: 'Switch on' }).click()
      await dialog(page)
        .locator('.outcome', { hasText: /Done\.|Not done/ })
        .waitFor()
      const text = (await shown.textContent()) ?? ''
      const outcome = (await dialog(page).locator('.outcome').textContent()) ?? ''
      await close(page)
      return /may not switch|power/.test(text) && outcome.includes('(exit code 77)')
    },
    { timeoutMs: 120_000 },
  )
  assert.equal(complaints, [])
})

test('files: dropped or chosen, sent by the device, stopped, refused, and never done that were not', async context => {
  const { directory, start, onTarget } = await atConsole(context)
  const { page, complaints } = await start({ bypassCSP: true })
  const strip = page.locator('.transfer')
  const send = dialog(page).getByRole('button', { name: 'Send', exact: true })

  await page.evaluate(drop('ios 15.bin', FILE.length))
  await dialog(page).getByLabel('Protocol').selectOption('ymodem')
  assert.is(await dialog(page).getByLabel('Its name at the target').inputValue(), 'ios_15.bin')
  await dialog(page).getByLabel('Its name at the target').fill('a b')
  await send.click()
  await dialog(page).getByText('YMODEM needs a name').waitFor()
  await dialog(page).getByLabel('Its name at the target').fill('ios_15.bin')
  const receiver = onTarget('rb')
  await send.click()
  await screenSays(page, /alice transfers a file \(ymodem send ios_15\.bin\)/)
  await strip.getByText('ios 15.bin: the target confirmed the file.').waitFor({ timeout: 120_000 })
  await waitFor('the receiver', () => receiver.ended(), SLOW)
  assert.ok((await readFile(join(directory, 'ios_15.bin'))).equals(FILE))
  await strip.getByRole('button', { name: 'Close' }).click()

  // Nobody waits for it at the target: it is stopped by hand, and the line is the person's again.
  await writeFile(join(directory, 'chosen'), FILE)
  await page.getByRole('button', { name: 'Send a file' }).click()
  await send.click()
  await dialog(page).getByText('Choose a file.').waitFor()
  await dialog(page).getByLabel('File', { exact: true }).setInputFiles(join(directory, 'chosen'))
  await send.click()
  await strip.getByText('waiting for the target').waitFor()
  await bringAxe(page)
  assert.equal(await looked(page, 'transfer.en.light.desk'), [])
  await page.getByRole('button', { name: `Close ${CONSOLE}` }).click()
  await page.locator('.status', { hasText: 'A file is being sent here' }).waitFor()
  await strip.getByRole('button', { name: 'Stop the transfer' }).click()
  await strip.getByText('chosen: stopped.').waitFor()
  await screenSays(page, /xmodem send: cancelled|transfer.*cancelled/)
  await strip.getByRole('button', { name: 'Close' }).click()

  // The target refuses it.
  await writeFile(join(directory, 'cancel'), '\x18'.repeat(4))
  await page.evaluate(drop('refused', 3_000))
  await send.click()
  await strip.getByText('waiting for the target').waitFor()
  onTarget('cat cancel')
  await strip.getByText(/refused: not sent \(exit code 74\): .*the target cancelled/).waitFor()
  await strip.getByRole('button', { name: 'Close' }).click()

  await page.evaluate(drop('empty', 0))
  await send.click()
  await dialog(page).getByText('empty is empty, or a folder').waitFor()
  await close(page)
  await page.evaluate(drop('large', 134_217_729))
  await send.click()
  await dialog(page).getByText('large has 134217729 bytes, and 134217728 is the most').waitFor()
  assert.equal(complaints, [])
})

const configOf = (lab: string) => join(lab, 'device/etc/oobm/device.toml')

/** As settings from the operator would: the outlet feeds the console, and alice may switch it; the bridge starts anew. */
async function giveOutlet(lab: string, address: string, maySwitch = true): Promise<void> {
  const config = await readFile(configOf(lab), 'utf8')
  const plain = config.replace(/^(outlets|power) = .*\n/gm, '').replace(/\[\[outlets\]\][\s\S]*$/, '')
  const withOutlet = plain
    .replace(/^name = "core-sw1"\n/m, `$&outlets = ["plug"]\n`)
    .replace(/^name = "alice"\n/m, maySwitch ? `$&power = ["core-sw1"]\n` : '$&')
  const outlet = { name: 'plug', kind: 'shelly', address, channel: 0, off_time_s: 5 }
  const lines = Object.entries(outlet).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  await writeFile(configOf(lab), `${withOutlet}\n[[outlets]]\n${lines.join('')}`)
  const unit = join(lab, 'device/run/units/oobm-console')
  await writeFile(`${unit}.restart`, '')
  process.kill(Number(await readFile(unit, 'utf8')))
}

all.run()
