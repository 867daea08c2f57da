import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { LedConfig } from '../../formats/device-config.ts'
import { ledSchema } from '../../formats/device-settings.ts'
import { type Logger, silentLog } from '../../runtime/log.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { findActivityLed, findKernelLed } from './kernel.ts'
import { beside, darkenLed, openLed } from './led.ts'

const test = suite('led')

const ROOT = join(import.meta.dirname, '../..')
const defaults: LedConfig = ledSchema.parse({})

async function kernelLed(root: string): Promise<(file: string) => Promise<string>> {
  await mkdir(join(root, 'ACT'))
  await writeFile(join(root, 'ACT/trigger'), 'none rc-feedback [mmc0] timer default-on\n')
  await writeFile(join(root, 'ACT/brightness'), '0\n')
  await writeFile(join(root, 'ACT/max_brightness'), '255\n')
  // As sysfs does, a write at the beginning counts as the whole file.
  return async file => (await readFile(join(root, 'ACT', file), 'utf8')).split('\n')[0] ?? ''
}

test('a kernel LED: its trigger is put aside, and given back at the end', async context => {
  const root = await scratchDirectory(context)
  const read = await kernelLed(root)
  const found = findKernelLed('ACT', root)
  if ('problem' in found) throw new Error(found.problem)
  const backend = await found.open()
  assert.is(await read('trigger'), 'none')
  backend.draw('ready', true)
  assert.is(await read('brightness'), '255')
  backend.draw('ready', false)
  assert.is(await read('brightness'), '0')
  assert.equal(backend.off, [
    { path: join(root, 'ACT/brightness'), value: '0' },
    { path: join(root, 'ACT/trigger'), value: 'mmc0' },
  ])
  backend.draw('ready', true)
  await backend.close()
  assert.is(await read('brightness'), '0')
  assert.is(await read('trigger'), 'mmc0')
})

test('the board’s own LED is found under each name that kernels gave it, and never the power LED', async context => {
  const cases: [leds: Record<string, string>, found: string | undefined][] = [
    [{ ACT: 'none [mmc0]', PWR: 'none [default-on]' }, 'ACT'],
    [{ led0: 'none [mmc0]', led1: '[none] input' }, 'led0'],
    [{ 'green:activity': '[none] mmc0', 'mmc0::': 'none [mmc0]' }, 'green:activity'],
    [{ 'green:status': 'none [actpwr]', 'red:power': 'none [default-on]' }, 'green:status'],
    [{ PWR: 'none [default-on]', 'input0::numlock': 'none [kbd-numlock]' }, undefined],
    [{}, undefined],
  ]
  for (const [leds, expected] of cases) {
    const root = await scratchDirectory(context)
    for (const [name, trigger] of Object.entries(leds)) {
      await mkdir(join(root, name))
      await writeFile(join(root, name, 'trigger'), `${trigger}\n`)
      await writeFile(join(root, name, 'brightness'), '0\n')
    }
    const found = findActivityLed(root)
    if (expected === undefined) assert.match('problem' in found ? found.problem : '', 'no activity LED of the board')
    else assert.is('problem' in found ? found.problem : found.description, `kernel LED ${join(root, expected)}`)
  }
})

test('two LEDs show one state: one that fails keeps the other from nothing', async () => {
  const drawn: string[] = []
  const usable = (description: string, fails: boolean) => ({
    description,
    open: () => ({
      description,
      flashes: true,
      off: [{ path: description, value: '0' }],
      draw: (state: string, lit: boolean) => {
        if (fails) throw new Error(`${description} fails`)
        drawn.push(`${description} ${state} ${lit}`)
      },
      close: () => void drawn.push(`${description} closed`),
    }),
  })
  const pin = usable('GPIO17', true)
  const both = await beside(pin, usable('ACT', false)).open()
  assert.is(both.description, 'GPIO17 and ACT')
  assert.equal(
    both.off.map(({ path }) => path),
    ['GPIO17', 'ACT'],
  )
  const failure = await Promise.resolve(both.draw('ready', true)).catch((err: Error) => err.message)
  assert.is(failure, 'GPIO17 fails')
  await both.close()
  assert.equal(drawn, ['ACT ready true', 'GPIO17 closed', 'ACT closed'])
  const alone = beside(pin, { problem: 'no activity LED of the board', denied: false })
  assert.is(alone.description, 'GPIO17; no activity LED of the board')
})

test('a kernel LED that is not there says so', async context => {
  const root = await scratchDirectory(context)
  const found = findKernelLed('ACT', root)
  assert.match('problem' in found ? found.problem : '', /kernel LED ACT cannot be used: ENOENT/)
})

test('is driven, and given back, by a process that has no descriptor left', async context => {
  const root = await scratchDirectory(context)
  const read = await kernelLed(root)
  const script = `
    import { openSync } from 'node:fs'
    import { systemClock } from '${ROOT}/runtime/clock.ts'
    import { silentLog } from '${ROOT}/runtime/log.ts'
    import { findKernelLed } from '${ROOT}/supervisor/led/kernel.ts'
    import { playLed } from '${ROOT}/supervisor/led/player.ts'
    const led = playLed(await findKernelLed('ACT', '${root}').open(), systemClock, silentLog)
    process.stdin.once('data', async () => { await led.close(); console.log('closed') })
    const taken = []
    try { for (;;) taken.push(openSync('/dev/null')) } catch (err) { console.log(err.code) }
    led.show('in-use')`
  const args = ['--nofile=200', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
  const program = startProgram('prlimit', args, { cwd: ROOT })
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  await program.says(/EMFILE/)
  for (const brightness of ['255', '0', '255'])
    await waitFor(`brightness ${brightness}`, async () => (await read('brightness')) === brightness)
  program.child.stdin?.write('end\n')
  await program.says(/closed/)
  assert.equal([await read('brightness'), await read('trigger')], ['0', 'mmc0'])
})

test('the file holds the present state, and ends as off', async context => {
  const path = join(await scratchDirectory(context), 'led')
  const config: LedConfig = { ...defaults, backend: 'file', path }
  const led = await openLed(config, silentLog)
  context.cleanup(() => led.close())
  const holds = (state: string) =>
    waitFor(`${state} in the file`, async () => (await readFile(path, 'utf8').catch(() => '')) === `${state}\n`)
  led.show('no-relay')
  await holds('no-relay')
  led.show('in-use')
  await holds('in-use')
  led.show('ready', 600_000)
  await holds('ready')
  await led.close()
  assert.is(await readFile(path, 'utf8'), 'off\n')
})

test('what a killed supervisor left on the LED is made dark by --off', async context => {
  const path = join(await scratchDirectory(context), 'led')
  await writeFile(path, 'ready\n')
  assert.is(await darkenLed({ ...defaults, backend: 'file', path }), `file ${path}`)
  assert.is(await readFile(path, 'utf8'), 'off\n')
})

test('without any LED the supervisor runs on, and the log says what was looked for', async context => {
  const said: unknown[] = []
  const log = { info: (fields: object) => said.push(fields), warn: (fields: object) => said.push(fields) }
  const led = await openLed({ ...defaults, backend: 'kernel', led: 'nothing-here' }, log as unknown as Logger)
  context.cleanup(() => led.close())
  led.show('ready')
  assert.is(led.description, 'no LED')
  assert.match(JSON.stringify(said), /kernel LED nothing-here cannot be used/)
})

test.run()
