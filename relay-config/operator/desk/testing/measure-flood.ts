/** `make desk-figures`: what a console that floods leaves to the one beside it, in a real browser. */
import { spawn } from 'node:child_process'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { openPage, type TestPage } from '../../../../testbed/browser.ts'
import { withUndo } from '../../../../testbed/undo.ts'
import { madeConsoles } from './made-consoles.ts'
import { memoryMb, rendererMb } from './memory.ts'
import { startDesk } from './start-desk.ts'

const FLOOD = "yes 'a line of a flood that never ends, and it is long enough to be a line of a log'"
const KEYS = 100
/** Milliseconds between two keys at most. */
const PAUSE_MS = 100
/** Milliseconds for one echo. */
const ECHO_MS = 20_000
/** Milliseconds that plain ssh is looked at. */
const PLAIN_MS = 5_000

/** In the page: counts what arrives on all terminals. */
const COUNTER = `{
  window.received = 0
  const Plain = WebSocket
  window.WebSocket = class extends Plain {
    constructor(...options) {
      super(...options)
      this.addEventListener('message', ({ data }) => { if (typeof data !== 'string') received += data.byteLength })
    }
  }
}`

await withUndo(async context => {
  const config = await madeConsoles(context, { flood: FLOOD, calm: 'stty raw -echo; exec cat' })
  const plain = await plainRate(config)
  const desk = await startDesk(context, ['--ssh-config', config])
  const { page } = await openPage(context)
  await page.addInitScript(COUNTER)
  await page.goto(desk.url)
  await page.locator('li.device').first().waitFor()
  await page.evaluate(`location.hash = '#/console/calm,flood'`)
  await page.locator('section[aria-label="flood"] .xterm-rows', { hasText: 'a line of a flood' }).waitFor()
  await page.locator('section[aria-label="calm"] textarea').focus()
  const from = { bytes: Number(await page.evaluate('received')), atMs: performance.now() }
  const times: number[] = []
  for (let key = 0; key < KEYS; key++) {
    times.push(await echoMs(page))
    await delay(Math.random() * PAUSE_MS)
  }
  const passed = Number(await page.evaluate('received')) - from.bytes
  const rate = passed / (performance.now() - from.atMs) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor((KEYS - 1) * share)]?.toFixed(0)
  process.stdout.write(`a flood; load of the machine ${loadavg()[0]?.toFixed(1)}
plain ssh takes ${plain.toFixed(0)} MB/s, the page of the desk ${rate.toFixed(1)} MB/s
a key in the console beside it, until its echo is on the screen: median ${at(0.5)} ms, 95% ${at(0.95)} ms, longest ${at(1)} ms
memory meanwhile (PSS): the desk ${await memoryMb(desk.program.pid)} MB, the process of the page ${await rendererMb()} MB
`)
})

/** @throws Error when no echo comes */
async function echoMs(page: TestPage['page']): Promise<number> {
  const shown = async () =>
    Number(
      await page.evaluate(
        `document.querySelector('section[aria-label="calm"] .xterm-rows').textContent.split('x').length`,
      ),
    )
  const before = await shown()
  const fromMs = performance.now()
  await page.keyboard.press('x')
  while ((await shown()) === before) {
    if (performance.now() - fromMs > ECHO_MS) throw new Error(`no echo within ${ECHO_MS / 1_000} s`)
    await delay(2)
  }
  return performance.now() - fromMs
}

/** MB a second. */
async function plainRate(config: string): Promise<number> {
  const ssh = spawn('ssh', ['-F', config, '-tt', '-o', 'LogLevel=ERROR', 'flood'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let bytes = 0
  let fromMs = 0
  ssh.stdout.on('data', (data: Buffer) => {
    if (fromMs === 0) fromMs = performance.now()
    bytes += data.length
  })
  await delay(PLAIN_MS)
  ssh.kill()
  return bytes / (performance.now() - fromMs) / 1_000
}
