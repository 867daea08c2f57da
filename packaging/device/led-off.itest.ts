/** The script that makes the LED dark after a kill, on a /sys of our own. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { leaveLedOff } from '../../supervisor/led/led-off.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('led-off')
const SCRIPT = join(import.meta.dirname, 'files/usr/lib/oobm/led-off')

/** A root with these files, each with `before` in it. */
async function rootWith(context: TestContext, paths: string[]) {
  const root = await scratchDirectory(context)
  const run = join(root, 'run')
  await mkdir(run)
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), 'before\n')
  }
  const env = { OOBM_ROOT: root, RUNTIME_DIRECTORY: run }
  return {
    root,
    run,
    read: (path: string) => readFile(join(root, path), 'utf8'),
    off: () => runProgram('sh', [SCRIPT], { env }),
  }
}

test('performs what the supervisor left, and takes it away', async context => {
  const paths = [
    '/sys/class/leds/green:activity/brightness',
    '/sys/class/leds/green:activity/trigger',
    '/sys/class/gpio/unexport',
  ]
  const { run, read, off } = await rootWith(context, paths)
  const values = ['0', 'default-on', '529']
  await leaveLedOff(
    run,
    paths.map((path, index) => ({ path, value: values[index] ?? '' })),
  )
  const { code, stderr } = await off()
  assert.is(code, 0, stderr)
  assert.equal(await Promise.all(paths.map(read)), ['0\n', 'default-on\n', '529\n'])
  assert.equal(await readdir(run), [])
})

test('does nothing where nothing is left', async context => {
  const { run, off } = await rootWith(context, [])
  assert.is((await off()).code, 0)
  await leaveLedOff(run, [])
  assert.equal(await readdir(run), [])
})

test('writes nowhere but below the LEDs and pins, and nothing but a number or a name', async context => {
  const inside = '/sys/class/leds/ACT/brightness'
  const outside = ['/etc/passwd', '/sys/kernel/mm/x', '/sys/class/net/eth0/mtu']
  const { root, run, read, off } = await rootWith(context, [inside, ...outside])
  const lines = [
    ...outside.map(path => `${path} 0`),
    '/sys/class/leds/../net/eth0/mtu 0',
    '/sys/class/leds/ACT/$(id) 0',
    '/sys/class/leds/ACT/`id` 0',
    `${inside} $(id)`,
    `${inside} 0;reboot`,
    inside,
    '',
    'sys/class/leds/ACT/brightness 0',
  ]
  await writeFile(join(run, 'led-off'), `${lines.join('\n')}\n`)
  const { code, stderr } = await off()
  assert.equal([code, stderr], [0, ''])
  for (const path of [inside, ...outside]) assert.is(await read(path), 'before\n', path)
  assert.equal((await readdir(root)).sort(), ['etc', 'run', 'sys'])
})

test('a file that is gone does not keep the others lit, and is an error', async context => {
  const { run, read, off } = await rootWith(context, ['/sys/class/leds/ACT/brightness'])
  await leaveLedOff(run, [
    { path: '/sys/class/gpio/gpio529/value', value: '0' },
    { path: '/sys/class/leds/ACT/brightness', value: '0' },
  ])
  assert.is((await off()).code, 1)
  assert.is(await read('/sys/class/leds/ACT/brightness'), '0\n')
})

test.run()
