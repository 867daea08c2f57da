/** The script that makes the LED dark after a kill, on a /sys of our own. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
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
    off: (more: NodeJS.ProcessEnv = {}) => runProgram('sh', [SCRIPT], { env: { ...env, ...more } }),
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

test('makes lines of a GPIO chip dark by gpioset, tries again while they are held, and takes nothing else for one', async context => {
  const { root, run, off } = await rootWith(context, [])
  const bin = join(root, 'bin')
  await mkdir(bin)
  // Held at first.
  await writeFile(
    join(bin, 'gpioset'),
    '#!/bin/sh\necho "$*" >>"$(dirname "$0")/asked"\n[ "$(wc -l <"$(dirname "$0")/asked")" -gt 2 ]\n',
  )
  await chmod(join(bin, 'gpioset'), 0o755)
  await leaveLedOff(run, [{ path: '/dev/gpiochip0', value: '17=0,27=0' }])
  const left = join(run, 'led-off')
  const refused = [
    '/dev/gpiochip0x 17=0',
    '/dev/gpiochip0/../mem 17=0',
    '/dev/gpiochip0 $(id)',
    '/dev/mem 17=0',
    '/dev/gpiochip0',
  ]
  await writeFile(left, `${await readFile(left, 'utf8')}${refused.join('\n')}\n`)
  const { code, stderr } = await off({ PATH: `${bin}:${process.env.PATH}` })
  assert.equal([code, stderr], [0, ''])
  const asked = '--chip /dev/gpiochip0 --toggle 0 17=0 27=0'
  assert.is(await readFile(join(bin, 'asked'), 'utf8'), `${asked}\n${asked}\n${asked}\n`)
  assert.equal(await readdir(run), [])
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
