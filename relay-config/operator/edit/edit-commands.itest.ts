import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../../../formats/provisioning.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { fleetEditor } from '../../testing/fleet-editor.ts'

const test = suite('oobm-relay add, remove, rename, list')
const SLOW = { timeoutMs: 120_000 }

test(
  'a fleet grows, is renamed and shrinks, and the file keeps the comments of people',
  async context => {
    const { folder, file, must, start, text } = await fleetEditor(context)
    const alice = await makeKey(folder, 'alice')
    await must([
      'init',
      '--host',
      'relay.example',
      '--accounts',
      'dedicated',
      '--yes',
      '--host-keys',
      `${alice.path}.pub`,
    ])
    const head = `# Ours.\n${await text()}`
    await writeFile(file, head)
    await chmod(file, 0o640)
    assert.match(
      await must(['add', 'device', 'tokyo', '--console', 'sw1', '--path', '/dev/ttyUSB0', '--baud', '115200']),
      /ports 20100 and 20101\nNote: the kernel numbers the path of sw1 \(\/dev\/ttyUSB0\): .*what to write so that it stays\.\nNext: /,
    )
    const odd = await must(['add', 'console', 'tokyo', 'sw2', '--path', '/dev/ttyUSB1', '--baud', '112500'])
    assert.match(odd, /\nNote: no equipment has the speed of sw2 \(112500; the nearest usual one is 115200\)\.\n/)
    const stable = await must(['add', 'console', 'tokyo', 'sw3', '--path', '/dev/serial/by-id/usb-FTDI_A1-if00'])
    assert.not.match(stable, /Note/)
    await must(['remove', 'console', 'sw3'])
    const twice = await start(['add', 'console', 'tokyo', 'sw3', '--path', '/dev/ttyUSB1'])
    assert.is(twice.code, 64)
    assert.match(
      twice.stderr,
      /"\/dev\/ttyUSB1" is the path of sw2 already: each console has a line of its own \(line \d+\)/,
    )
    assert.match(await must(['add', 'device', 'osaka', '--gateway', '--profile', 'cellular']), /ports 20102 and 20103/)
    await must([
      'add',
      'technician',
      'alice',
      '--key',
      `${alice.path}.pub`,
      '--consoles',
      'sw1,sw2',
      '--shells',
      'tokyo',
    ])
    const bob = await start(
      ['add', 'technician', 'bob', '--key', '-'],
      `${(await makeKey(folder, 'bob')).publicKey} bob@desk\n`,
    )
    assert.match(bob.stdout, /uid 20001\nNothing is open to bob yet/)
    assert.ok((await text()).startsWith(head))
    assert.match(await text(), / bob@desk"/)

    await mkdir(join(folder, 'secrets/tokyo'), { recursive: true })
    await must(['rename', 'device', 'tokyo', 'edo'])
    await must(['rename', 'console', 'sw1', 'core'])
    assert.equal(await readdir(join(folder, 'secrets')), ['edo'])
    const { technicians, devices } = parseFleet(file, await text())
    assert.equal(
      [technicians[0]?.consoles, technicians[0]?.shells, technicians[0]?.uid],
      [['core', 'sw2'], ['edo'], 20000],
    )
    assert.equal(devices[0]?.consoles, [
      { name: 'core', path: '/dev/ttyUSB0', baudRate: 115200 },
      { name: 'sw2', path: '/dev/ttyUSB1', baudRate: 112_500 },
    ])
    assert.equal(JSON.parse(await must(['list', 'devices', '--json'])), [
      {
        name: 'edo',
        ports: [20100, 20101],
        relays: ['relay'],
        gateway: false,
        profile: 'wired',
        consoles: ['core', 'sw2'],
      },
      { name: 'osaka', ports: [20102, 20103], relays: ['relay'], gateway: true, profile: 'cellular', consoles: [] },
    ])
    assert.match(
      await must(['list']),
      /^devices: 2\nNAME +PORTS[\s\S]*\nsw2 +edo +\/dev\/ttyUSB1 +112500\n[\s\S]*\nbob +operator/,
    )

    await must(['remove', 'console', 'sw2'])
    assert.equal(parseFleet(file, await text()).technicians[0]?.consoles, ['core'])
    const removed = await must(['remove', 'device', 'edo'])
    assert.match(removed, /from lists of technicians \(2\)\nIts keys are still in /)
    assert.match(
      removed,
      /If its card is lost or stolen, change these, too [\s\S]*passwords and keys that core showed on/,
    )
    for (const entry of [
      ['device', 'osaka'],
      ['technician', 'alice'],
      ['technician', 'bob'],
    ])
      await must(['remove', ...entry])
    assert.is(await text(), head)
    assert.is((await stat(file)).mode & 0o777, 0o640)
  },
  SLOW,
)

test(
  'a gateway device has a key for its own port, which its configuration has, and which follows a new name',
  async context => {
    const { folder, file, must, run, text } = await fleetEditor(context)
    const key = await makeKey(folder, 'key')
    const host = ['--host', 'relay.example', '--accounts', 'dedicated', '--yes', '--host-keys', `${key.path}.pub`]
    await must(['init', ...host])
    await must(['add', 'device', 'tokyo', '--gateway'])
    await must(['add', 'device', 'osaka'])
    await must(['keys', '--all'])
    await must(['rename', 'device', 'tokyo', 'edo'])
    const gatewayFiles = ['device-edo.key', 'device-edo.key.pub', 'relay-server-edo.key']
    const names = async (device: string) => (await readdir(join(folder, 'secrets', device))).sort()
    assert.equal(
      (await names('edo')).filter(name => name.includes('.key')),
      gatewayFiles,
    )
    assert.equal(
      (await names('osaka')).filter(name => name.includes('.key')),
      [],
    )
    const read = (name: string) => readFile(join(folder, 'secrets/edo', name), 'utf8')
    assert.is(await read('relay-server-edo.key'), await read('relay_key.pub'))
    assert.is((await stat(join(folder, 'secrets/edo/device-edo.key'))).mode & 0o777, 0o600)
    assert.is(await must(['keys', 'edo']), 'edo: all keys exist already\n')

    await must(['issue', 'edo'])
    const { config } = parseProvisioning('oobm.toml', await read('oobm.toml'))
    const [technician, ...more] = config.technicians
    const [type, base64] = (await read('device-edo.key.pub')).split(' ')
    assert.equal(
      [technician?.name, technician?.keys, technician?.consoles, technician?.shell],
      ['remote-admin', [`${type} ${base64}`], [], true],
    )
    assert.equal(more, [])
    await must(['issue', 'osaka'])
    assert.not.match(await readFile(join(folder, 'secrets/osaka/oobm.toml'), 'utf8'), /remote-admin/)

    const before = await text()
    const taken = await run(['add', 'technician', 'remote-admin', '--key', `${key.path}.pub`])
    assert.match(taken.said, /the key of a device with gateway = true logs in by this name/)
    assert.is(await readFile(file, 'utf8'), before)
  },
  SLOW,
)

test(
  'refuses a wrong change, says why, and leaves the file as it is',
  async context => {
    const { folder, file, run, text } = await fleetEditor(context)
    const key = await makeKey(folder, 'alice')
    const real = join(folder, 'real.toml')
    await symlink(real, file)
    await writeFile(
      real,
      `version = 1\n[[relays]]\nname = "a"\nhost = "h"\nuser = "u"\nhost_keys = ["${key.publicKey}"]\n[[devices]]\nname = "tokyo"\nport = 65532\n`,
    )
    const before = await text()
    const cases: [string[], number, RegExp][] = [
      [
        ['add', 'device', 'tokyo'],
        64,
        /nothing was changed:\n {2}devices\[2\]\.name: "tokyo" is device "tokyo" already/,
      ],
      [['add', 'device', 'Tokyo'], 64, /devices\[2\]\.name: must be 1 to 32 of/],
      [
        ['add', 'device', 't\u043ekyo'],
        64,
        /nothing was changed:\n {2}devices\[2\]\.name: character 10 of the line is U\+043E \(Cyrillic/,
      ],
      [['add', 'device', 'x', '--port', '65533'], 64, /65533 is tokyo already/],
      [['add', 'device', 'x', '--port', 'many'], 64, /--port takes a whole number/],
      [['add', 'device', 'x', '--key', 'f'], 64, /^oobm-relay add device: unknown option "--key"/m],
      [['add', 'device', 'x', '--path', '/dev/x'], 64, /--path needs --console/],
      [['add', 'device', 'x', '--console', 'c'], 64, /needs the --path/],
      [['add', 'console', 'kyoto', 'c', '--path', '/dev/x'], 64, /not a device of this fleet; there are: tokyo/],
      [['add', 'technician', 'al', '--key', key.path], 64, /is a private key: give the public one/],
      [['add', 'technician', 'al', '--key', join(folder, 'none')], 64, /cannot read .*none \(ENOENT\)/],
      [['add', 'technician', 'al', '--key', `${key.path}.pub`, '--consoles', 'sw9'], 64, /"sw9" is not a console/],
      [['add', 'thing'], 64, /unknown command "thing"/],
      [['add'], 64, /no command given: device, technician, console/],
      [['remove', 'technician', 'al'], 64, /there are: none/],
      [['remove', 'device'], 64, /missing argument DEVICE/],
      [['remove'], 64, /name what to remove, or give --all/],
      [['rename', 'device', 'tokyo', 'a', 'b'], 64, /unexpected argument "b"/],
      [['list', 'relays'], 64, /"relays" is not one of devices, consoles, technicians/],
    ]
    for (const [args, code, pattern] of cases) {
      const result = await run(args)
      assert.is(result.code, code, `${args.join(' ')}: ${result.said}`)
      assert.match(result.said, pattern)
      assert.is(await text(), before)
    }
    // A link stays one; the port is the first below the crowded end.
    assert.match((await run(['add', 'device', 'kobe'])).said, /ports 20100 and 20101/)
    assert.match(await readFile(real, 'utf8'), /kobe/)
  },
  SLOW,
)

test.run()
