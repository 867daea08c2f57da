import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/device-settings.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { checkSerialNames } from './serial-checks.ts'

const test = suite('oobm doctor on the names of serial lines')

/** A /dev with two adapters, of which the second has no serial number, and a line of the board itself. */
async function adapters(context: TestContext) {
  const dev = await scratchDirectory(context)
  for (const folder of ['serial/by-id', 'serial/by-path']) await mkdir(join(dev, folder), { recursive: true })
  for (const node of ['ttyUSB0', 'ttyACM1', 'ttyAMA0']) await writeFile(join(dev, node), '')
  const links = [
    ['ttyUSB0', 'by-id/usb-FTDI_A1-if00-port0'],
    ['ttyUSB0', 'by-path/usb-0:1.2'],
    ['ttyACM1', 'by-path/usb-0:1.3'],
  ] as const
  for (const [node, link] of links) await symlink(join(dev, node), join(dev, 'serial', link))
  return async (...consoles: { name: string; path: string; baudRate?: number }[]) => {
    const config = consoles.map(({ path, ...rest }) => consoleSchema.parse({ ...rest, path: join(dev, path) }))
    const findings = await checkSerialNames(config, join(dev, 'serial'))
    return findings.map(({ what, result, detail, remedy }) =>
      `${result} ${what}: ${detail}: ${remedy}`.replaceAll(dev, '/dev'),
    )
  }
}

test('says which name stays in place of one that the kernel numbers', async context => {
  const check = await adapters(context)
  assert.equal(
    await check({ name: 'a', path: 'ttyUSB0' }, { name: 'b', path: 'ttyACM1' }, { name: 'c', path: 'ttyUSB7' }),
    [
      'warning console a: the kernel numbers /dev/ttyUSB0: after the next boot it may be another adapter: ask the operator to set path = "/dev/serial/by-id/usb-FTDI_A1-if00-port0"',
      'warning console b: the kernel numbers /dev/ttyACM1: after the next boot it may be another adapter: ask the operator to set path = "/dev/serial/by-path/usb-0:1.3"',
      'warning console c: the kernel numbers /dev/ttyUSB7: after the next boot it may be another adapter: plug it in, run "ls -l /dev/serial/by-id", and ask the operator to use the name that it shows as path',
    ],
  )
  const stable = [
    { name: 'a', path: 'serial/by-id/usb-FTDI_A1-if00-port0' },
    { name: 'b', path: 'ttyAMA0' },
  ]
  assert.equal(await check(...stable), [])
})

test('finds two names of one line', async context => {
  const check = await adapters(context)
  assert.equal(
    await check(
      { name: 'a', path: 'serial/by-path/usb-0:1.2' },
      { name: 'b', path: 'serial/by-id/usb-FTDI_A1-if00-port0' },
    ),
    [
      'wrong console b: /dev/serial/by-id/usb-FTDI_A1-if00-port0 and /dev/serial/by-path/usb-0:1.2, the path of a, are one serial port: /dev/ttyUSB0: ask the operator for an oobm.toml in which each console has its own path',
    ],
  )
  const absent = [
    { name: 'a', path: 'serial/by-id/usb-none' },
    { name: 'b', path: 'serial/by-id/usb-nothing' },
  ]
  assert.equal(await check(...absent), [], 'two that are not there are not one')
})

test('warns of a speed that nothing has', async context => {
  const check = await adapters(context)
  assert.equal(await check({ name: 'a', path: 'ttyAMA0', baudRate: 112_500 }), [
    'warning console a: 112500 bits per second is unusual: ask the operator whether 115200 is meant',
  ])
  assert.equal(await check({ name: 'a', path: 'ttyAMA0', baudRate: 1_500_000 }), [])
})

test.run()
