import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { device, minimal, ROOT } from '../../supervisor/testing/device.ts'
import { programArgs } from '../../testbed/programs.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { CH340, FT232, FT4232, usbTree } from '../../testbed/usb-tree.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { assertPrinted } from '../testing/printed.ts'

const test = suite('oobm console adapters and name')

async function board(context: TestContext) {
  const tree = await usbTree(context)
  const { env, configure } = await device(context)
  const id = 'usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0'
  const path = join(tree.dev, 'serial/by-id', id)
  await configure({
    ...minimal('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f', {}),
    device: 'tokyo-rack1',
    consoles: [
      { name: 'core-sw1', path },
      { name: 'edge-rt1', usb: '1.2' },
    ],
    sparePorts: ['1.4'],
  })
  const oobm = (...args: string[]) => {
    const program = startProgram(process.execPath, [...programArgs('device/main.ts'), 'console', ...args], {
      cwd: ROOT,
      env: { ...env, OOBM_SYSFS: tree.sysfs, OOBM_DEV: tree.dev },
    })
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  const ended = async (program: ReturnType<typeof oobm>) => {
    await waitFor('its end', () => program.ended(), { timeoutMs: 60_000 })
    return { code: program.child.exitCode, output: program.output().replaceAll(tree.dev, '/dev') }
  }
  return { ...tree, id, oobm, ended }
}

test(
  'a console that is bound by the serial number of several adapters is none of them',
  async context => {
    const { plug, link, id, oobm, ended } = await board(context)
    await plug('1-1.1', { ...FT232, serial: 'A50285BI' })
    await plug('1-1.2', { ...FT232, serial: 'A50285BI' })
    // As udev gives the name to whichever came last.
    await link(id, 'ttyUSB1')
    const printed = (await ended(oobm('adapters', '--json'))).output
    await assertPrinted('console adapters', printed)
    const { adapters } = JSON.parse(printed)
    assert.equal(
      adapters.map(({ port, console, shared }: Record<string, unknown>) => [port, console, shared]),
      [
        ['1.1', null, true],
        ['1.2', 'edge-rt1', true],
      ],
    )
  },
  { timeoutMs: 120_000 },
)

test(
  'shows port, chip, serial number, tty and console of each adapter',
  async context => {
    const { plug, link, id, oobm, ended } = await board(context)
    assert.equal(await ended(oobm('adapters')), { code: 0, output: 'no USB serial adapter is plugged in\n' })
    await plug('1-1.1', { ...FT232, serial: 'A50285BI' })
    await link(id, 'ttyUSB0')
    await plug('1-1.2', CH340)
    await plug('1-1.3', CH340)
    await plug('1-1.4', { ...FT232, serial: 'A7' })
    const { code, output } = await ended(oobm('adapters'))
    assert.is(code, 0)
    // The paths of the test are longer.
    assert.is(
      output.replace(/TTY +CONSOLE/, 'TTY           CONSOLE'),
      `PORT  CHIP       DRIVER    PRODUCT          SERIAL NUMBER  TTY           CONSOLE
1.1   0403:6001  ftdi_sio  FT232R USB UART  A50285BI       /dev/ttyUSB0  core-sw1
1.2   1a86:7523  ch341     USB Serial       none (shared)  /dev/ttyUSB1  edge-rt1
1.3   1a86:7523  ch341     USB Serial       none (shared)  /dev/ttyUSB2  none
1.4   0403:6001  ftdi_sio  FT232R USB UART  A7             /dev/ttyUSB3  tokyo-rack1-usb1.4 (spare port)

shared: several adapters here have the same or none, so that only the port tells them apart
To name an adapter: oobm console name
`,
    )
    const json = JSON.parse((await ended(oobm('adapters', '--json'))).output)
    assert.equal(
      json.adapters.map(({ port, kernelName, shared }: Record<string, unknown>) => [port, kernelName, shared]),
      [
        ['1.1', '1-1.1:1.0', false],
        ['1.2', '1-1.2:1.0', true],
        ['1.3', '1-1.3:1.0', true],
        ['1.4', '1-1.4:1.0', false],
      ],
    )
  },
  { timeoutMs: 120_000 },
)

test(
  'prints the lines that name the adapter that is plugged in next',
  async context => {
    const { plug, link, oobm, ended } = await board(context)
    const naming = oobm('name', 'core-sw2')
    await naming.says(/Plug the adapter in now/, 60_000)
    await plug('1-1.4', CH340)
    const byPort = await ended(naming)
    assert.is(byPort.code, 0)
    assert.match(byPort.output, 'port 1.4: USB Serial (1a86:7523), serial number none, /dev/ttyUSB0\n')
    assert.match(
      byPort.output,
      'below the device tokyo-rack1:\n\n[[devices.consoles]]\nname = "core-sw2"\nusb = "1.4"\n',
    )
    assert.match(byPort.output, '  oobm-relay add console tokyo-rack1 core-sw2 --usb 1.4\n')
    assert.match(byPort.output, 'Whoever may open tokyo-rack1-usb1.4 gets no right to the new console by that.')

    const again = oobm('name', 'core-sw2')
    await again.says(/Plug the adapter in now/, 60_000)
    await link('usb-FTDI_FT232R_USB_UART_B1-if00-port0', 'ttyUSB1')
    await plug('1-1.3', { ...FT232, serial: 'B1' })
    assert.match((await ended(again)).output, 'path = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_B1-if00-port0"')
  },
  { timeoutMs: 120_000 },
)

test(
  'asks for nothing without a terminal, and ends at Ctrl-C',
  async context => {
    const { plug, oobm, ended } = await board(context)
    const silent = await ended(oobm('name'))
    assert.is(silent.code, 64)
    assert.match(silent.output, 'there is no terminal to ask for the name: give it, as in "oobm console name core-sw1"')
    assert.is((await ended(oobm('name', 'Core'))).code, 64)
    const several = oobm('name', 'core-sw2')
    await several.says(/Plug the adapter in now/, 60_000)
    await plug('1-1.4', FT4232)
    const { code, output } = await ended(several)
    assert.is(code, 64)
    assert.match(output, 'port 1.4:1.3: Quad RS232-HS')
    assert.match(output, '4 serial ports appeared: run "oobm console name" in a terminal')
    const stopped = oobm('name', 'core-sw2')
    await stopped.says(/Plug the adapter in now/, 60_000)
    stopped.child.kill('SIGINT')
    const end = await ended(stopped)
    assert.equal([end.code, /interrupted\n$/.test(end.output)], [1, true])
  },
  { timeoutMs: 120_000 },
)

test.run()
