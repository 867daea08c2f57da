/** The real onoff on a /sys/class/gpio of our own: a mount namespace, and a stand-in for the kernel's answers. */
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { findGpio } from './gpio.ts'

const test = suite('gpio')
const GPIO_TS = join(import.meta.dirname, 'gpio.ts')
/** What the unit runs after a kill. */
const LED_OFF = join(import.meta.dirname, '../../packaging/device/files/usr/lib/oobm/led-off')
const LED_TS = join(import.meta.dirname, 'led.ts')

/**
 * What the kernel does: a number written to `export` makes `gpioN/` appear, one written to `unexport` takes it away,
 * and a number that no controller has is EINVAL, which a file cannot say: it goes to `log` as refused.
 * `export` and `unexport` are FIFOs, held open so that nothing is lost between two writers; each number has three digits.
 */
const KERNEL = `
gpio=$1; log=$gpio/log
next() {
  n=
  while [ \${#n} -lt 3 ]; do
    read -r -N 1 digit <&3 || exit
    case $digit in [0-9]) n+=$digit ;; esac
  done
}
(
  exec 3<>"$gpio/export"
  while next; do
    if [ "$n" -lt 512 ] || [ "$n" -ge 566 ]; then echo "refused $n" >>"$log"; continue; fi
    mkdir "$gpio/.gpio$n"
    for file in value direction edge active_low; do echo 0 >"$gpio/.gpio$n/$file"; done
    mv "$gpio/.gpio$n" "$gpio/gpio$n"
    echo "export $n" >>"$log"
  done
) &
exporter=$!
(
  exec 3<>"$gpio/unexport"
  while next; do
    echo "unexport $n value $(cat "$gpio/gpio$n/value") direction $(cat "$gpio/gpio$n/direction")" >>"$log"
    rm -r "$gpio/gpio$n"
  done
) &
unexporter=$!
trap 'kill $exporter $unexporter; exit' TERM
echo listening
wait
`

/** A /sys/class/gpio as Linux 6.12 on a Pi 3 has it: two controllers, and the header's counts from 512. */
async function fakeGpio(context: TestContext): Promise<string> {
  const gpio = await scratchDirectory(context)
  const chips = { gpiochip566: ['brcmvirt-gpio', 566, 2], gpiochip512: ['pinctrl-bcm2835', 512, 54] } as const
  for (const [name, [label, base, count]] of Object.entries(chips)) {
    await mkdir(join(gpio, name))
    await writeFile(join(gpio, name, 'label'), `${label}\n`)
    await writeFile(join(gpio, name, 'base'), `${base}\n`)
    await writeFile(join(gpio, name, 'ngpio'), `${count}\n`)
  }
  assert.is(spawnSync('mkfifo', [join(gpio, 'export'), join(gpio, 'unexport')]).status, 0)
  const kernel = startProgram('bash', ['-c', KERNEL, 'kernel', gpio])
  context.cleanup(() => kernel.stop())
  await kernel.says(/listening/)
  return gpio
}

/** Runs TypeScript in a mount namespace where /sys/class/gpio is `gpio`, and /sys/class/leds is `leds`. */
function startWithGpio(context: TestContext, gpio: string, script: string, leds?: string) {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
  return startInNamespace(context, gpio, node, leds)
}

function startInNamespace(context: TestContext, gpio: string, command: string[], leds = '/nonexistent') {
  const mounts = `mount -t tmpfs none /sys/class && mkdir /sys/class/gpio && mount --bind "$1" /sys/class/gpio
    if [ -d '${leds}' ]; then mkdir /sys/class/leds && mount --bind '${leds}' /sys/class/leds; fi`
  const program = startProgram(
    'unshare',
    ['-m', 'sh', '-ec', `${mounts}\nshift && exec "$@"`, 'sh', gpio, ...command],
    {
      cwd: join(import.meta.dirname, '../..'),
    },
  )
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  return program
}

const logOf = async (gpio: string) => (await readFile(join(gpio, 'log'), 'utf8').catch(() => '')).trim().split('\n')

test('counts the pin from the base of the header’s controller, and from no other', async context => {
  const gpio = await fakeGpio(context)
  const found = findGpio({ pins: [17], activeLow: false }, gpio)
  assert.is('problem' in found ? found.problem : found.description, 'GPIO17 (line 529 of pinctrl-bcm2835)')
})

test('says why there is no pin', async context => {
  const empty = await scratchDirectory(context)
  assert.match(JSON.stringify(findGpio({ pins: [17], activeLow: false }, empty)), /GPIO cannot be used: ENOENT/)
  await writeFile(join(empty, 'export'), '')
  assert.match(
    JSON.stringify(findGpio({ pins: [17], activeLow: false }, empty)),
    /no GPIO controller of the pin header/,
  )
})

if (!canMount()) {
  for (const title of [
    'drives the right line through onoff',
    'gives a pin back that a killed process left exported',
    'led-off',
  ])
    test.skip(title, 'needs root: a mount namespace with a /sys/class/gpio of its own')
} else {
  test('drives the right line through onoff, from dark to dark, and leaves nothing exported', async context => {
    const gpio = await fakeGpio(context)
    const program = startWithGpio(
      context,
      gpio,
      `import { findGpio } from '${GPIO_TS}'
       import { once } from 'node:events'
       const led = await findGpio({ pins: [17], activeLow: false }).open()
       process.stdin.setEncoding('utf8').on('data', async state => {
         if (state.trim() === 'close') { await led.close(); process.exit() }
         led.draw('ready', state.trim() === 'lit')
         console.log('drew ' + state.trim())
       })
       console.log('opened ' + led.description)`,
    )
    await program.says(/opened GPIO17 \(line 529 of pinctrl-bcm2835\)/)
    const line = join(gpio, 'gpio529')
    assert.is(await readFile(join(line, 'direction'), 'utf8'), 'low')
    const value = async () => (await readFile(join(line, 'value'), 'utf8')).trim()
    for (const [state, expected] of [
      ['lit', '1'],
      ['dark', '0'],
      ['lit', '1'],
    ] as const) {
      const before = program.output().length
      program.child.stdin?.write(`${state}\n`)
      await waitFor('the pin to be drawn', () => program.output().slice(before).includes(`drew ${state}`))
      assert.is(await value(), expected)
    }
    program.child.stdin?.write('close\n')
    await waitFor('the pin to be given back', async () => (await logOf(gpio)).length === 2)
    assert.equal(await logOf(gpio), ['export 529', 'unexport 529 value 0 direction low'])
    assert.equal(await exported(gpio), [])
  })

  test('an LED of three colours lights those of the state, also where low is lit, and ends dark', async context => {
    for (const activeLow of [false, true]) {
      const gpio = await fakeGpio(context)
      const program = startWithGpio(
        context,
        gpio,
        `import { findGpio } from '${GPIO_TS}'
         const led = await findGpio({ pins: [17, 27, 22], activeLow: ${activeLow} }).open()
         process.stdin.setEncoding('utf8').on('data', async state => {
           if (state.trim() === 'close') { await led.close(); process.exit() }
           const [shown, lit] = state.trim().split(' ')
           led.draw(shown, lit === 'lit')
           console.log('drew ' + state.trim())
         })
         console.log('opened ' + led.description)`,
      )
      await program.says(/opened GPIO17 \(line 529 of pinctrl-bcm2835\), GPIO27 \(line 539 .*, GPIO22 /)
      const [lit, dark] = activeLow ? ['0', '1'] : ['1', '0']
      for (const line of [529, 539, 534])
        assert.is(await readFile(join(gpio, `gpio${line}/direction`), 'utf8'), activeLow ? 'high' : 'low')
      const rows = {
        'ready lit': [dark, lit, dark],
        'ready dark': [dark, dark, dark],
        'no-console lit': [lit, lit, dark],
        'maintenance lit': [dark, dark, lit],
        'refused lit': [lit, dark, dark],
        'here lit': [lit, lit, lit],
      }
      for (const [state, expected] of Object.entries(rows)) {
        program.child.stdin?.write(`${state}\n`)
        await program.says(new RegExp(`drew ${state}`))
        const values = [529, 539, 534].map(line => readFile(join(gpio, `gpio${line}/value`), 'utf8'))
        assert.equal(
          (await Promise.all(values)).map(value => value.trim()),
          expected,
          `${state}, ${activeLow}`,
        )
      }
      program.child.stdin?.write('close\n')
      await waitFor('the pins to be given back', async () => (await logOf(gpio)).length === 6)
      assert.equal((await logOf(gpio)).filter(line => line.includes(`value ${dark}`)).length, 3)
      assert.equal(await exported(gpio), [])
    }
  })

  test('the board’s own LED shows the state beside the pin, and gets its trigger back', async context => {
    const gpio = await fakeGpio(context)
    const leds = await scratchDirectory(context)
    await mkdir(join(leds, 'ACT'))
    const files = { trigger: 'none [mmc0] timer\n', brightness: '0\n', max_brightness: '1\n' }
    for (const [file, content] of Object.entries(files)) await writeFile(join(leds, 'ACT', file), content)
    // As sysfs does, a write at the beginning counts as the whole file.
    const act = async (file: string) => (await readFile(join(leds, 'ACT', file), 'utf8')).split('\n')[0]
    const program = startWithGpio(
      context,
      gpio,
      `import { openLed } from '${LED_TS}'
       const said = fields => console.log(JSON.stringify(fields))
       const led = await openLed({ backend: 'auto', pin: 17, led: 'ACT', act: true, activeLow: false }, { info: said, warn: said })
       led.show('unconfigured')
       process.stdin.once('data', async () => { await led.close(); process.exit() })`,
      leds,
    )
    await program.says(/GPIO17 \(line 529 of pinctrl-bcm2835\) and kernel LED \/sys\/class\/leds\/ACT/)
    const line = join(gpio, 'gpio529')
    await waitFor(
      'both lit',
      async () => (await act('brightness')) === '1' && (await readFile(join(line, 'value'), 'utf8'))[0] === '1',
    )
    assert.is(await act('trigger'), 'none')
    program.child.stdin?.write('close\n')
    await waitFor('the pin to be given back', async () => (await logOf(gpio)).length === 2)
    await waitFor('the end', program.ended)
    assert.equal([await act('brightness'), await act('trigger')], ['0', 'mmc0'])
    assert.equal(await exported(gpio), [])
  })

  test('after SIGKILL, the shell script of the unit makes both dark and gives both back', async context => {
    const gpio = await fakeGpio(context)
    const leds = await scratchDirectory(context)
    const run = await scratchDirectory(context)
    await mkdir(join(leds, 'ACT'))
    const files = { trigger: 'none [mmc0] timer\n', brightness: '0\n', max_brightness: '1\n' }
    for (const [file, content] of Object.entries(files)) await writeFile(join(leds, 'ACT', file), content)
    const act = async (file: string) => (await readFile(join(leds, 'ACT', file), 'utf8')).split('\n')[0]
    const start = () =>
      startWithGpio(
        context,
        gpio,
        `import { openLed } from '${LED_TS}'
         const said = fields => console.log(JSON.stringify(fields))
         const led = await openLed({ backend: 'auto', pin: 17, led: 'ACT', act: true, activeLow: false }, { info: said, warn: said }, { runtimeDirectory: '${run}' })
         led.show('ready')
         process.stdin.once('data', async () => { await led.close(); process.exit() })`,
        leds,
      )
    const lit = start()
    await waitFor('both lit', async () => (await act('brightness')) === '1')
    lit.child.kill('SIGKILL')
    await waitFor('the process to be gone', lit.ended)
    assert.is(await act('brightness'), '1')
    const off = startInNamespace(context, gpio, ['env', `RUNTIME_DIRECTORY=${run}`, 'sh', LED_OFF], leds)
    await waitFor('the script to end', off.ended)
    assert.is(off.child.exitCode, 0)
    await waitFor('the pin to be given back', async () => (await logOf(gpio)).length === 2)
    assert.match((await logOf(gpio))[1] ?? '', /^unexport 529 value 0/)
    assert.equal([await act('brightness'), await act('trigger')], ['0', 'mmc0'])
    assert.equal(await readdir(run), [])
    // After an orderly end there is nothing left to be done.
    await writeFile(join(leds, 'ACT/trigger'), 'none [mmc0] timer\n')
    const orderly = start()
    await waitFor('both lit', async () => (await act('brightness')) === '1')
    assert.equal(await readdir(run), ['led-off'])
    orderly.child.stdin?.write('end\n')
    await waitFor('the end', orderly.ended)
    assert.equal(await readdir(run), [])
  })

  test('gives a pin back that a killed process left exported and lit', async context => {
    const gpio = await fakeGpio(context)
    const lit = startWithGpio(
      context,
      gpio,
      `import { findGpio } from '${GPIO_TS}'
       const led = await findGpio({ pins: [17], activeLow: false }).open()
       led.draw('ready', true)
       console.log('lit')
       setInterval(() => {}, 1000)`,
    )
    await lit.says(/lit/)
    lit.child.kill('SIGKILL')
    await waitFor('the process to be gone', lit.ended)
    assert.is((await readFile(join(gpio, 'gpio529/value'), 'utf8'))[0], '1')
    const off = startWithGpio(
      context,
      gpio,
      `import { darkenLed } from '${LED_TS}'
       console.log('dark: ' + await darkenLed({ backend: 'auto', pin: 17, led: 'ACT', act: true, activeLow: false }))`,
    )
    await off.says(/dark: GPIO17/)
    await waitFor('the pin to be given back', async () => (await logOf(gpio)).length === 2)
    assert.match((await logOf(gpio))[1] ?? '', /^unexport 529 value 0/)
    assert.equal(await exported(gpio), [])
  })
}

async function exported(gpio: string): Promise<string[]> {
  await waitFor('the line’s folder to go', async () => !(await readdir(gpio)).some(name => /^gpio\d+$/.test(name)))
  return (await readdir(gpio)).filter(name => /^gpio\d+$/.test(name))
}

function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /sys/class']).status === 0
}

test.run()
