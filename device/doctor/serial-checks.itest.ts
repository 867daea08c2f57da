import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { FT4232, usbTree } from '../../testbed/usb-tree.ts'
import type { Adapter } from '../adapters/list-adapters.ts'
import { checkSerial, checkSerialNames } from './serial-checks.ts'

const test = suite('oobm doctor on the names of serial lines')

/** A /dev with an adapter, one without a serial number, two that share one, and a line of the board itself. */
async function adapters(context: TestContext) {
  const dev = await scratchDirectory(context)
  await mkdir(join(dev, 'serial/by-id'), { recursive: true })
  for (const node of ['ttyUSB0', 'ttyACM1', 'ttyUSB2', 'ttyAMA0']) await writeFile(join(dev, node), '')
  const plugged = [
    { tty: 'ttyUSB0', port: '1.1', serialNumber: 'A1', shared: false, byId: 'usb-FTDI_A1-if00-port0' },
    { tty: 'ttyACM1', port: '1.3', serialNumber: null, shared: false, byId: 'usb-none-if00' },
    { tty: 'ttyUSB2', port: '1.4', serialNumber: '0001', shared: true, byId: 'usb-same-if00-port0' },
  ].map(({ byId, ...adapter }): Adapter => {
    const more = {
      kernelName: '',
      chip: '',
      product: null,
      driver: null,
      byPath: null,
      console: null,
      provisional: false,
    }
    const path = join(dev, 'serial/by-id', byId)
    return { ...adapter, ...more, pluggedAs: 1, tty: join(dev, adapter.tty), byId: path }
  })
  for (const { tty, byId } of plugged) await symlink(tty, byId ?? '')
  return async (...consoles: { name: string; path?: string; usb?: string; baudRate?: number }[]) => {
    const config = consoles.map(({ path, ...rest }) =>
      consoleSchema.parse({ ...rest, ...(path !== undefined && { path: join(dev, path) }) }),
    )
    const findings = await checkSerialNames(config, plugged)
    return findings.map(({ what, result, detail, remedy }) =>
      `${result} ${what}: ${detail}: ${remedy}`.replaceAll(dev, '/dev'),
    )
  }
}

test('says what to write in place of a name that may mean another adapter', async context => {
  const check = await adapters(context)
  assert.equal(
    await check({ name: 'a', path: 'ttyUSB0' }, { name: 'b', path: 'ttyACM1' }, { name: 'c', path: 'ttyUSB7' }),
    [
      'warning console a: the kernel numbers /dev/ttyUSB0: after the next boot it may be another adapter: ask the operator to set path = "/dev/serial/by-id/usb-FTDI_A1-if00-port0"',
      'warning console b: the kernel numbers /dev/ttyACM1: after the next boot it may be another adapter: ask the operator to set usb = "1.3" in place of path',
      'warning console c: the kernel numbers /dev/ttyUSB7: after the next boot it may be another adapter: plug it in, run "oobm console adapters", and ask the operator to use what "oobm console name" prints',
    ],
  )
  assert.equal(
    await check(
      { name: 'a', path: 'serial/by-id/usb-none-if00' },
      { name: 'b', path: 'serial/by-id/usb-same-if00-port0' },
    ),
    [
      'warning console a: the adapter has no serial number: another one of its kind has the same name, /dev/serial/by-id/usb-none-if00: ask the operator to set usb = "1.3" in place of path',
      'warning console b: several adapters of this device have the name /dev/serial/by-id/usb-same-if00-port0: it opens none of them: ask the operator to set usb = "1.4" in place of path',
    ],
  )
  const stable = [
    { name: 'a', path: 'serial/by-id/usb-FTDI_A1-if00-port0' },
    { name: 'b', path: 'ttyAMA0' },
    { name: 'c', usb: '1.3' },
  ]
  assert.equal(await check(...stable), [])
})

test('finds two names of one line', async context => {
  const check = await adapters(context)
  assert.equal(await check({ name: 'a', usb: '1.1' }, { name: 'b', path: 'serial/by-id/usb-FTDI_A1-if00-port0' }), [
    'wrong console b: /dev/serial/by-id/usb-FTDI_A1-if00-port0 and usb:1.1, the path of a, are one serial port: /dev/ttyUSB0: ask the operator for an oobm.toml in which each console has its own path',
  ])
  const absent = [
    { name: 'a', path: 'serial/by-id/usb-absent' },
    { name: 'b', path: 'serial/by-id/usb-nothing' },
  ]
  assert.equal(await check(...absent), [], 'two that are not there are not one')
})

test('says what is wrong at a USB port', async context => {
  const { sysfs, dev, plug } = await usbTree(context)
  await plug('1-1.2', FT4232)
  const check = async (usb: string) => {
    const { result, detail } = await checkSerial(consoleSchema.parse({ name: 'a', usb }), { sysfs, dev })
    return `${result}: ${detail}`.replace(dev, '/dev')
  }
  assert.is(await check('1.1'), 'wrong: nothing is plugged in at USB port 1.1')
  assert.match(await check('1.2'), 'wrong: the adapter at USB port 1.2 has 4 serial ports: write usb = "1.2:1.0" or')
  // It has no device file here.
  assert.is(await check('1.2:1.1'), 'wrong: there is no /dev/ttyUSB1')
})

test('warns of a speed that nothing has', async context => {
  const check = await adapters(context)
  assert.equal(await check({ name: 'a', path: 'ttyAMA0', baudRate: 112_500 }), [
    'warning console a: 112500 bits per second is unusual: ask the operator whether 115200 is meant',
  ])
  assert.equal(await check({ name: 'a', path: 'ttyAMA0', baudRate: 1_500_000 }), [])
})

test.run()
