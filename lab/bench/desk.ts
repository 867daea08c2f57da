/** One keystroke at the desk, from the browser's key event to the painted echo, beside plain ssh at the same console. */
import { setTimeout as delay } from 'node:timers/promises'
import { addKeyMeter, timeKey } from '../../relay-config/operator/desk/testing/key-meter.ts'
import { startDesk } from '../../relay-config/operator/desk/testing/start-desk.ts'
import { openPage, type TestPage } from '../../testbed/browser.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { CONSOLE } from '../lab-fleet.ts'
import { technicianArgs } from '../testing/desk-in-lab.ts'
import { echoingTty, startBenchLab } from './bench-lab.ts'
import { median, quantile, table } from './figures.ts'
import { startTypist } from './typist.ts'

/** Both in turn, so that the load of the machine is the same for both: so many keys each, so many times. */
const TURN = { keys: 25, times: 10 }
/** Takes over typing (docs/console.md). */
const TAKE_OVER = '\x1dw'
/** Milliseconds between two keys at most: they come at any moment between two frames of the browser. */
const PAUSE_MS = 40

export async function deskKeystroke(context: TestContext): Promise<string> {
  const lab = await startBenchLab(context, await echoingTty(context))
  const ssh = await startTypist(['-F', lab.sshConfig, 'console'])
  context.cleanup(ssh.end)
  const page = await openDeskConsole(context, technicianArgs(lab))
  const samples = { ssh: [] as number[], arrived: [] as number[], painted: [] as number[] }
  for (let turn = 0; turn < TURN.times; turn++) {
    ssh.types(TAKE_OVER)
    await delay(500)
    for (let key = 0; key < TURN.keys; key++) {
      samples.ssh.push(await ssh.keystroke())
      await delay(Math.random() * PAUSE_MS)
    }
    await page.keyboard.press('Control+]')
    await page.keyboard.press('w')
    await delay(500)
    for (let key = 0; key < TURN.keys; key++) {
      const { arrivedMs, paintedMs } = await timeKey(page, CONSOLE)
      samples.arrived.push(arrivedMs)
      samples.painted.push(paintedMs)
      await delay(Math.random() * PAUSE_MS)
    }
  }
  const figures = (list: number[]) => [median(list), quantile(list, 0.95)]
  const row = (name: string, list: number[]) => [name, ...figures(list).map(value => value.toFixed(2))]
  const plain = figures(samples.ssh)
  const ratio = (name: string, list: number[]) => [
    name,
    ...figures(list).map((value, index) => `${(value / (plain[index] ?? 0)).toFixed(2)}x`),
  ]
  return table([
    ['', 'median', '95 %'],
    row('plain ssh', samples.ssh),
    row('the desk, until the echo is in the page', samples.arrived),
    ratio('  ratio', samples.arrived),
    row('the desk, until it is painted', samples.painted),
    ratio('  ratio', samples.painted),
  ])
}

async function openDeskConsole(context: TestContext, args: string[]): Promise<TestPage['page']> {
  const desk = await startDesk(context, args)
  const { page } = await openPage(context)
  await addKeyMeter(page)
  await page.goto(desk.url)
  await page.locator('.consoles').getByRole('link', { name: CONSOLE, exact: true }).click()
  await page.locator('.status', { hasText: /^connected$/ }).waitFor()
  await page.locator('.xterm-rows', { hasText: 'you are alice' }).waitFor()
  return page
}
