import * as assert from 'uvu/assert'
import { lookAtUsb } from '../runtime/usb-serial.ts'
import { suite } from '../testbed/suite.ts'
import { CH340, FT232, FT4232, usbTree } from '../testbed/usb-tree.ts'
import { byIdName, lineAt, portText, sharedIdentities } from './usb-binding.ts'
import { parseUsbPort, spareConsoleName } from './usb-port.ts'

const test = suite('what a USB port means')

async function at(sysfs: string, text: string): Promise<string> {
  const port = parseUsbPort(text)
  if (port === undefined) return 'not a port'
  const found = lineAt(await lookAtUsb(sysfs), port)
  return found.line?.tty ?? ('cause' in found ? found.cause : '')
}

test('finds an adapter at its port, whatever number the kernel gave it', async context => {
  // The other half of the same sockets.
  const { sysfs, plug } = await usbTree(context, { usb3: [2] })
  for (const [port, number] of [...'1234'].map((port, at) => [port, [2, 0, 3, 1][at]] as const))
    await plug(`1-1.${port}`, FT232, { number: number ?? 0 })
  assert.equal(await Promise.all(['1.1', '1.2', '1.3', '1.4', '1-1.4', '1.5'].map(port => at(sysfs, port))), [
    'ttyUSB2',
    'ttyUSB0',
    'ttyUSB3',
    'ttyUSB1',
    'ttyUSB1',
    'nothing is plugged in at USB port 1.5',
  ])
})

test('takes none of several lines of one adapter, and says how each is written', async context => {
  const { sysfs, plug } = await usbTree(context)
  await plug('1-1.2', FT4232)
  await plug('1-1.3', { ...CH340, driver: 'mos7840', linesEach: 2 })
  assert.is(
    await at(sysfs, '1.2'),
    'the adapter at USB port 1.2 has 4 serial ports: write usb = "1.2:1.0" or "1.2:1.1" or "1.2:1.2" or "1.2:1.3"',
  )
  assert.is(await at(sysfs, '1.2:1.3'), 'ttyUSB3')
  assert.match(await at(sysfs, '1.2:1.4'), 'the adapter at USB port 1.2 has no interface 1.4: write usb = "1.2:1.0" or')
  assert.match(await at(sysfs, '1.3'), 'has 2 serial ports: write usb = "1.3:1.0:0" or "1.3:1.0:1"')
  assert.is(await at(sysfs, '1.3:1.0:1'), 'ttyUSB5')
  const look = await lookAtUsb(sysfs)
  assert.equal(
    look.lines.map(line => [line.tty, portText(look, line), line.driver]),
    [
      ...[0, 1, 2, 3].map(n => [`ttyUSB${n}`, `1.2:1.${n}`, 'ftdi_sio']),
      ...[0, 1].map(n => [`ttyUSB${4 + n}`, `1.3:1.0:${n}`, 'mos7840']),
    ],
  )
})

test('follows the ports when a hub is moved', async context => {
  const { sysfs, plug, plugHub } = await usbTree(context)
  await plugHub('1-1.1')
  const before = await plug('1-1.1.2', FT232)
  assert.is(await at(sysfs, '1.1.2'), 'ttyUSB0')
  assert.match(await at(sysfs, '1.1'), 'at USB port 1.1 there is a hub: write one of its ports, such as usb = "1.1.1"')
  await before.unplug()
  await plugHub('1-1.3')
  await plug('1-1.3.2', FT232)
  assert.equal(
    [await at(sysfs, '1.1.2'), await at(sysfs, '1.3.2')],
    ['nothing is plugged in at USB port 1.1.2', 'ttyUSB1'],
  )
})

test('wants the bus where several have such a port', async context => {
  const { sysfs, plug } = await usbTree(context, { buses: [1, 3] })
  await plug('3-1', { ...FT232, tty: 'ttyACM', driver: 'cdc_acm' })
  assert.is(await at(sysfs, '1'), 'this board has several USB buses with a port 1: write usb = "1-1" or usb = "3-1"')
  assert.equal([await at(sysfs, '3-1'), await at(sysfs, '1-1')], ['ttyACM0', 'nothing is plugged in at USB port 1-1'])
  const look = await lookAtUsb(sysfs)
  assert.equal(
    look.lines.map(line => portText(look, line)),
    ['3-1'],
  )
})

test('knows adapters with one serial number, or with none, by the name that udev gives them', async context => {
  const { sysfs, plug } = await usbTree(context)
  await plug('1-1.1', { ...FT232, serial: 'A1' })
  await plug('1-1.2', { ...FT232, serial: 'A2' })
  assert.equal(sharedIdentities(await lookAtUsb(sysfs)), [])
  await plug('1-1.3', { ...FT232, serial: 'A1' })
  await plug('1-1.4', CH340)
  assert.equal(sharedIdentities(await lookAtUsb(sysfs)), ['FTDI_FT232R_USB_UART_A1'])
  await plug('1-2', CH340)
  const look = await lookAtUsb(sysfs)
  assert.equal(sharedIdentities(look), ['FTDI_FT232R_USB_UART_A1', 'QinHeng_USB_Serial'])
  assert.equal(look.lines.map(byIdName), [
    'usb-FTDI_FT232R_USB_UART_A1-if00-port0',
    'usb-FTDI_FT232R_USB_UART_A2-if00-port0',
    'usb-FTDI_FT232R_USB_UART_A1-if00-port0',
    'usb-QinHeng_USB_Serial-if00-port0',
    'usb-QinHeng_USB_Serial-if00-port0',
  ])
})

test('reads and writes ports', () => {
  for (const text of ['', '1.', '0', '1.0', '/dev/ttyUSB0', '1:3', '1.2:1', '1-'])
    assert.is(parseUsbPort(text), undefined)
  assert.equal(parseUsbPort('3-1.2:1.3:0'), { bus: 3, port: '1.2', interface: '1.3', index: 0 })
  assert.is(spareConsoleName('rack1', '1.2'), 'rack1-usb1.2')
  assert.is(spareConsoleName('rack1', '3-1.2:1.3'), 'rack1-usb3-1.2-if1.3')
})

test.run()
