/** What the presses of a button bring about, with a stand-in for gpiomon; the real one is asked on a whole machine (system-tests/cases/pins). */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ButtonConfig, PRESS_PACE_MS } from '../../formats/button.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { silentLog } from '../../runtime/log.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { type ButtonStatus, serveButton } from './serve-button.ts'

const test = suite('serve button')

/** Prints what is written to the FIFO beside it, and what it was started with; ends with it. */
const GPIOMON = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/asked"
if [ -e "$here/refusal" ]; then cat "$here/refusal" >&2; exit 1; fi
echo "Monitoring line '22'..."
exec cat "$here/edges"
`

interface Bench {
  directory: string
  /** What happened, in order. */
  done: string[]
  status(): ButtonStatus | undefined
  /** Each held for so long. */
  press(...heldMs: number[]): Promise<void>
}

async function start(
  context: TestContext,
  { version = 'v2.2.1', refusal = '', config = { pin: 22, activeLow: true } as ButtonConfig, env = {} } = {},
): Promise<Bench> {
  const directory = await scratchDirectory(context)
  const bin = join(directory, 'bin')
  await mkdir(bin)
  await runProgram('mkfifo', [join(bin, 'edges')])
  if (refusal !== '') await writeFile(join(bin, 'refusal'), refusal)
  if (version !== '') await writeFile(join(bin, 'gpiodetect'), `#!/bin/sh\necho "gpiodetect (libgpiod) ${version}"\n`)
  await writeFile(join(bin, 'gpiomon'), GPIOMON)
  for (const name of version === '' ? ['gpiomon'] : ['gpiodetect', 'gpiomon']) await chmod(join(bin, name), 0o755)
  const path = process.env.PATH
  process.env.PATH = version === '' ? bin : `${bin}:${path}`
  const over = new AbortController()
  const done: string[] = []
  let status: ButtonStatus | undefined
  let offsetMs = 0
  const clock: Clock = {
    ...systemClock,
    // The pace between presses passes with each press.
    nowMs: () => systemClock.nowMs() + offsetMs,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
  }
  const served = serveButton(
    config,
    {
      led: { show: (shown, forMs) => forMs !== 0 && done.push(`LED ${shown}`) },
      test: () => done.push('test'),
      hotspot: () => {
        done.push('hotspot')
        return 'switches the hotspot on'
      },
      swapConfiguration: async () => 'goes back',
      report: now => {
        status = now
      },
      tell: detail => done.push(`told: ${detail}`),
    },
    {
      clock,
      env: { OOBM_SAY_SOCKET: join(directory, 'no-voice'), ...env },
      signal: over.signal,
      log: silentLog,
      find: () => ({ chip: '/dev/gpiochip0', controller: 'pinctrl-bcm2835' }),
    },
  )
  context.cleanup(async () => {
    over.abort()
    await served
    process.env.PATH = path
  })
  let atMs = 1_000
  return {
    directory: bin,
    done,
    status: () => status,
    press: async (...heldMs) => {
      offsetMs += PRESS_PACE_MS
      const line = (type: number, ms: number) => `${type} ${(ms / 1000).toFixed(9)}\n`
      const edges = heldMs.map(ms => {
        const fromMs = atMs
        atMs += ms + 100
        return line(1, fromMs) + line(2, fromMs + ms)
      })
      await runProgram('sh', ['-c', 'printf %s "$1" >"$0"', join(bin, 'edges'), edges.join('')])
    },
  }
}

test('a short press tests the way in, says that it was felt, and is told', async context => {
  const bench = await start(context)
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(200)
  await waitFor('the press to be told', () => bench.done.some(line => line.startsWith('told')))
  assert.equal(bench.done, ['LED pressed', 'test', 'told: a short press: tests the way in'])
  assert.is(bench.status()?.last?.outcome, 'a short press: tests the way in')
  const [asked = ''] = (await readFile(join(bench.directory, 'asked'), 'utf8')).split('\n')
  assert.match(asked, /--chip \/dev\/gpiochip0 .*--bias pull-up --active-low --debounce-period 30ms .* 22$/)
})

test('a press that is held for some seconds is for the hotspot; a long one needs a second press', async context => {
  const bench = await start(context)
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(5_000)
  await waitFor('the press to be told', () => bench.done.some(line => line.startsWith('told')))
  await bench.press(12_000, 100)
  await waitFor('the long press to be told', () => bench.done.some(line => line.startsWith('told: a long')))
  assert.equal(
    bench.done.filter(line => !line.startsWith('LED')),
    ['hotspot', 'told: held for some seconds: switches the hotspot on', 'told: a long press, confirmed: goes back'],
  )
})

test('presses in a row are one: the next one that does something comes five seconds later', async context => {
  const bench = await start(context)
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(200, 200, 200)
  await waitFor('all to be felt', () => bench.done.filter(line => line === 'LED pressed').length === 3)
  await waitFor('one to be told', () => bench.done.some(line => line.startsWith('told')))
  assert.is(bench.done.filter(line => line === 'test').length, 1)
})

test('asks the voice where there is one', async context => {
  const socket = join(await scratchDirectory(context), 'say.sock')
  let asked = 0
  const voice = createServer(socket => {
    asked++
    socket.resume()
  })
  await new Promise<void>(resolve => voice.listen(socket, resolve))
  context.cleanup(() => void voice.close())
  const bench = await start(context, { env: { OOBM_SAY_SOCKET: socket } })
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(200)
  await waitFor('the press to be told', () => bench.done.some(line => line.startsWith('told')))
  assert.is(bench.done.at(-1), 'told: a short press: tests the way in, and speaks the state')
  await waitFor('the voice to be asked', () => asked === 1)
})

const PROBLEMS: [when: string, options: Parameters<typeof start>[1], problem: RegExp][] = [
  ['nothing is installed', { version: '' }, /^the package gpiod is not installed$/],
  ['gpiod is old', { version: 'v1.6.3' }, /^the package gpiod is too old \(1\.6\.3\): libgpiod 2 is needed/],
  ['another one has it', { refusal: 'gpiomon: lines: Device or resource busy\n' }, /Device or resource busy$/],
]
for (const [when, options, problem] of PROBLEMS)
  test(`says why it is not watched: ${when}`, async context => {
    const bench = await start(context, options)
    await waitFor('the problem', () => problem.test(bench.status()?.problem ?? ''))
  })

test('is watched as soon as it can be', async context => {
  const bench = await start(context, { refusal: 'busy\n' })
  await waitFor('the problem', () => bench.status()?.problem === 'busy')
  await rm(join(bench.directory, 'refusal'))
  await waitFor('it to be watched', () => bench.status()?.problem === null)
})

test('goes on after gpiomon has ended', async context => {
  const bench = await start(context)
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(200)
  // The writer has closed the FIFO: the stand-in ended, and another one reads.
  await waitFor(
    'another one',
    async () => (await readFile(join(bench.directory, 'asked'), 'utf8')).split('\n').length > 2,
  )
  await waitFor('it to be watched', () => bench.status()?.problem === null)
  await bench.press(200)
  await waitFor('both presses', () => bench.done.filter(line => line === 'test').length === 2)
})

test.run()
