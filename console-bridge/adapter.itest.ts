import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ConsoleConfig, DeviceConfigInput } from '../formats/device-config.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { FT232, FT4232, usbTree } from '../testbed/usb-tree.ts'
import { deviceOf } from './line/adapter.ts'
import type { SharedSerials } from './line/shared-serials.ts'
import { bridgeFiles, openTerminal, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('consoles bound to adapters')

type Tree = Awaited<ReturnType<typeof usbTree>>

/** Alice has the shell of the device. */
async function bridgeOn(context: TestContext, tree: Tree, more: Partial<DeviceConfigInput>) {
  const files = await bridgeFiles(context, [], ({ alice, bob }) => ({
    technicians: [
      { name: 'alice', keys: [alice.publicKey], shell: true },
      { name: 'bob', keys: [bob.publicKey] },
    ],
    ...more,
  }))
  const env = { ...files.env, OOBM_SYSFS: tree.sysfs, OOBM_DEV: tree.dev }
  const bridge = await startBridge(context, { env })
  const stateOf = (name: string, pattern: RegExp) =>
    statusWhere(files, `${name}: ${pattern}`, ({ consoles }) => {
      const found = consoles.find(console => console.name === name)
      return found !== undefined && pattern.test(`${found.state} ${found.cause}`)
    })
  return { files, env, bridge, stateOf }
}

test(
  'opens what is at each port, in whatever order the kernel found it, and after a replug',
  async context => {
    const tree = await usbTree(context)
    const numbers = [2, 0, 3, 1]
    const plugged = []
    for (const [at, number] of numbers.entries())
      plugged.push(await tree.plug(`1-1.${at + 1}`, { ...FT232, serial: '0001' }, { ptys: true, number }))
    const consoles = numbers.map((_number, at) => ({ name: `sw${at + 1}`, usb: `1.${at + 1}` }))
    const { files, stateOf } = await bridgeOn(context, tree, { consoles })
    for (const { name } of consoles) await stateOf(name, /^open/)
    const attach = (name: string) => openTerminal(context, 'ssh', sshArgs(files, 'alice', name))
    for (const [at, { name, usb }] of consoles.entries()) {
      const terminal = attach(name)
      await terminal.says(new RegExp(`console ${name} on usb:${usb}`))
      plugged[at]?.lines[0]?.target?.says(`I am ${usb}\r\n`)
      await terminal.says(new RegExp(`I am ${usb}`))
    }
    await plugged[0]?.unplug()
    await stateOf('sw1', /^closed/)
    await stateOf('sw1', /nothing is plugged in at USB port 1\.1/)
    const again = await tree.plug('1-1.1', FT232, { ptys: true, number: 7 })
    await stateOf('sw1', /^open/)
    const terminal = attach('sw1')
    await terminal.says(/console sw1/)
    again.lines[0]?.target?.says('I am new\r\n')
    await terminal.says(/I am new/)
  },
  { timeoutMs: 120_000 },
)

test(
  'opens none of two adapters with one serial number, nor one of them alone later, and says what to write',
  async context => {
    const tree = await usbTree(context)
    const first = await tree.plug('1-1.1', { ...FT232, serial: '0001' }, { ptys: true })
    const path = await tree.link('usb-FTDI_FT232R_USB_UART_0001-if00-port0', 'ttyUSB0')
    const consoles = [{ name: 'core-sw1', path }]
    const { files, env, bridge, stateOf } = await bridgeOn(context, tree, { consoles })
    await stateOf('core-sw1', /^open/)
    const twin = await tree.plug('1-1.2', { ...FT232, serial: '0001' }, { ptys: true })
    await tree.link('usb-FTDI_FT232R_USB_UART_0001-if00-port0', 'ttyUSB1')
    await stateOf('core-sw1', /each with the serial number 0001: in place of path, write usb = "1\.1" or "1\.2"/)
    await first.unplug()
    await stateOf('core-sw1', /several adapters had this name once.*write usb = "1\.2"/)
    await bridge.stop(10_000)
    await startBridge(context, { env })
    await stateOf('core-sw1', /several adapters had this name once/)
    assert.equal(JSON.parse(await readFile(join(files.directory, 'shared-serial-numbers.json'), 'utf8')), [
      'FTDI_FT232R_USB_UART_0001',
    ])
    await twin.unplug()
  },
  { timeoutMs: 120_000 },
)

test(
  'offers a spare port to who has the shell, and to nobody else',
  async context => {
    const tree = await usbTree(context)
    await tree.plug('1-1.1', { ...FT232, serial: 'A1' }, { ptys: true })
    const path = await tree.link('usb-FTDI_FT232R_USB_UART_A1-if00-port0', 'ttyUSB0')
    const { files, stateOf } = await bridgeOn(context, tree, {
      consoles: [{ name: 'core-sw1', path }],
      sparePorts: ['1.1', '1.2', '1.3'],
    })
    await stateOf('core-sw1', /^open/)
    await stateOf('rack1-usb1.1', /the adapter at this port is the console core-sw1/)
    await stateOf('rack1-usb1.2', /nothing is plugged in at USB port 1\.2/)
    const chip = await tree.plug('1-1.3', FT4232, { ptys: true })
    await stateOf('rack1-usb1.3', /has 4 serial ports: write usb = "1\.3:1\.0" or/)
    await chip.unplug()
    const spare = await tree.plug('1-1.2', FT232, { ptys: true })
    await stateOf('rack1-usb1.2', /^open/)
    const ssh = (who: 'alice' | 'bob', login: string, ...command: string[]) =>
      openTerminal(context, 'ssh', sshArgs(files, who, login, ...command))
    const alice = ssh('alice', 'rack1-usb1.2')
    await alice.says(/console rack1-usb1\.2 on usb:1\.2, 9600 8N1/)
    spare.lines[0]?.target?.says('a new router\r\n')
    await alice.says(/a new router/)
    await ssh('bob', 'rack1-usb1.2').says(/you have no console "rack1-usb1\.2".*core-sw1/)
    await ssh('alice', 'console').says(/console core-sw1/)
  },
  { timeoutMs: 120_000 },
)

test('an adapter that is plugged in while its name is looked up is checked, too', async context => {
  const tree = await usbTree(context)
  const path = join(tree.dev, 'serial/by-id/usb-FTDI_FT232R_USB_UART_0001-if00-port0')
  let looks = 0
  const shared = {
    with: async () => {
      if (++looks === 1) {
        await tree.plug('1-1.1', { ...FT232, serial: '0001' }, { number: 0 })
        await tree.link(basename(path), 'ttyUSB0')
      }
      return new Set(['FTDI_FT232R_USB_UART_0001'])
    },
  } as unknown as SharedSerials
  const console = { path } as ConsoleConfig
  const found = await deviceOf(console, { sysfs: tree.sysfs, dev: tree.dev, shared, named: [] }).catch(err => err)
  assert.match(`${found}`, 'several adapters had this name once, each with the serial number 0001')
  assert.is(looks, 2)
})

test.run()
