import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as assert from 'uvu/assert'
import { UserError } from '../../runtime/errors.ts'
import { parseProvisioning } from '../../runtime/provisioning.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../tools/suite.ts'
import { COMMANDS, COMMON } from '../commands/all-commands.ts'
import type { BareInput } from '../commands/command.ts'
import { parseFleet } from '../fleet-config.ts'
import { fingerprint } from './scan-host-keys.ts'

const test = suite('oobm-relay init, add, remove, rename, list')
const SLOW = { timeoutMs: 120_000 }
const MAIN = join(import.meta.dirname, '..', 'main.ts')

async function operator(context: TestContext) {
  const folder = await scratchDirectory(context)
  const file = join(folder, 'fleet.toml')
  /** Within this process: starting the program some fifty times would take longer than all the rest. */
  const run = async ([word = '', ...args]: string[]) => {
    const command = COMMANDS[word]
    if (!command?.runBare && !command?.run) throw new Error(`no word "${word}"`)
    const { values, positionals } = parseArgs({
      args,
      options: { ...COMMON, ...command.options },
      allowPositionals: true,
    })
    const said: string[] = []
    const files = { fleet: String(values.fleet ?? file), secrets: join(folder, 'secrets'), rendered: join(folder, 'r') }
    const input = {
      files,
      positionals,
      values: values as BareInput['values'],
      print: (line: string) => said.push(line),
      signal: context.signal,
    } as unknown as BareInput
    try {
      const code = command.runBare
        ? await command.runBare(input)
        : await command.run({ ...input, fleet: parseFleet(file, await readFile(file, 'utf8')) })
      return { code, said: said.map(line => `${line}\n`).join('') }
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      return { code: err.exitCode, said: [...said, err.message].map(line => `${line}\n`).join('') }
    }
  }
  const must = async (args: string[]) => {
    const { code, said } = await run(args)
    assert.is(code, 0, `${args.join(' ')}: ${said}`)
    return said
  }
  /** As people do. */
  const start = (args: string[], input = '') =>
    runProgram(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      env: { OOBM_FLEET: file },
      timeoutMs: 60_000,
      input,
    })
  return { folder, file, run, must, start, text: () => readFile(file, 'utf8') }
}

test(
  'writes a first fleet file, with host keys that somebody has confirmed, and never over another',
  async context => {
    const { folder, file, run, must, start, text } = await operator(context)
    const hostKey = await makeKey(folder, 'host-key')
    const sshd = await startSshd({ directory: join(folder, 'sshd'), hostKey, authorizedKeys: [join(folder, 'none')] })
    context.cleanup(() => sshd.stop())
    const given = [
      '--host',
      '127.0.0.1',
      '--port',
      String(sshd.port),
      '--user',
      'ops',
      '--accounts',
      'shared',
      '--name',
      'lab',
    ]

    const doubtful = await start(['init', ...given], 'n\n')
    assert.is(doubtful.code, 1)
    assert.match(doubtful.stdout, `${fingerprint(hostKey.publicKey)} ssh-ed25519`)
    assert.match(doubtful.stderr, /nothing was written/)
    const wrong = await run(['init', ...given, '--fingerprint', 'SHA256:another'])
    assert.is(wrong.code, 1)
    assert.match(wrong.said, /somebody else may be answering/)
    assert.is((await run(['init', '--host', '127.0.0.1', '--port', '1', '--user', 'ops', '--yes'])).code, 69)
    assert.is((await run(['init', '--host', 'a b', '--yes'])).code, 64)
    assert.is((await start(['init'])).code, 64)
    assert.not((await readdir(folder)).includes('fleet.toml'))

    const answers = ['bad host', '127.0.0.1', String(sshd.port), '', 'ops', 'lab', 'y']
    const answered = await start(['init'], `${answers.join('\n')}\n`)
    assert.match(answered.stdout, /must be a host name[\s\S]*wrote .*fleet\.toml\n/)
    const [relay] = parseFleet(file, await text()).relays
    assert.equal(relay?.hostKeys, [hostKey.publicKey])
    assert.is(`${relay?.name} ${relay?.user}@${relay?.host}:${relay?.port}`, `lab ops@127.0.0.1:${sshd.port}`)

    const before = await text()
    const again = await run(['init', ...given, '--yes'])
    assert.is(again.code, 1)
    assert.match(again.said, /is there already/)
    assert.is(await text(), before)
    assert.equal(
      (await readdir(folder)).filter(name => name.includes('init')),
      [],
    )

    const other = join(folder, 'other.toml')
    await must(['init', '--fleet', other, ...given, '--fingerprint', fingerprint(hostKey.publicKey)])
    assert.is(await readFile(other, 'utf8'), before)
    const third = join(folder, 'third.toml')
    await writeFile(join(folder, 'scanned'), `# relay.example SSH-2.0\nrelay.example ${hostKey.publicKey}\n`)
    const scanned = ['--yes', '--host-keys', join(folder, 'scanned')]
    await must(['init', '--fleet', third, '--host', 'relay.example', '--accounts', 'dedicated', ...scanned])
    assert.equal(parseFleet(third, await readFile(third, 'utf8')).relays[0]?.hostKeys, [hostKey.publicKey])
  },
  SLOW,
)

test(
  'a fleet grows, is renamed and shrinks, and the file keeps what people wrote into it',
  async context => {
    const { folder, file, must, start, text } = await operator(context)
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
      /ports 20100 and 20101/,
    )
    await must(['add', 'console', 'tokyo', 'sw2', '--path', '/dev/ttyUSB1'])
    assert.match(await must(['add', 'device', 'osaka', '--gateway']), /ports 20102 and 20103/)
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
      { name: 'sw2', path: '/dev/ttyUSB1' },
    ])
    assert.equal(JSON.parse(await must(['list', 'devices', '--json'])), [
      { name: 'edo', ports: [20100, 20101], relays: ['relay'], gateway: false, consoles: ['core', 'sw2'] },
      { name: 'osaka', ports: [20102, 20103], relays: ['relay'], gateway: true, consoles: [] },
    ])
    assert.match(
      await must(['list']),
      /^devices: 2\nNAME +PORTS[\s\S]*\nsw2 +edo +\/dev\/ttyUSB1 +9600\n[\s\S]*\nbob +operator/,
    )

    await must(['remove', 'console', 'sw2'])
    assert.equal(parseFleet(file, await text()).technicians[0]?.consoles, ['core'])
    assert.match(await must(['remove', 'device', 'edo']), /from lists of technicians \(2\)\nIts keys are still in /)
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
  'a gateway device has a key for its own port too, which its configuration knows, and a new name takes it along',
  async context => {
    const { folder, file, must, run, text } = await operator(context)
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
    assert.is(await must(['keys', 'edo']), 'edo: all keys are there already\n')

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
    assert.match(taken.said, /it is who comes with the own key of a device/)
    assert.is(await readFile(file, 'utf8'), before)
  },
  SLOW,
)

test(
  'refuses what would be wrong, says why, and leaves the file as it was',
  async context => {
    const { folder, file, run, text } = await operator(context)
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
      [['add', 'device', 'x', '--port', '65533'], 64, /65533 is tokyo already/],
      [['add', 'device', 'x', '--port', 'many'], 64, /--port takes a whole number/],
      [['add', 'device', 'x', '--key', 'f'], 64, /a device takes no --key/],
      [['add', 'device', 'x', '--path', '/dev/x'], 64, /without --console takes no --path/],
      [['add', 'device', 'x', '--console', 'c'], 64, /needs the --path/],
      [['add', 'console', 'kyoto', 'c', '--path', '/dev/x'], 64, /not a device of this fleet; there are: tokyo/],
      [['add', 'technician', 'al', '--key', key.path], 64, /is a private key: give the public one/],
      [['add', 'technician', 'al', '--key', join(folder, 'none')], 64, /cannot read .*none \(ENOENT\)/],
      [['add', 'technician', 'al', '--key', `${key.path}.pub`, '--consoles', 'sw9'], 64, /"sw9" is not a console/],
      [['add', 'thing'], 64, /device, technician or console/],
      [['remove', 'technician', 'al'], 64, /there are: none/],
      [['remove', 'device'], 64, /name the device/],
      [['rename', 'device', 'tokyo', 'a', 'b'], 64, /"b" is one name too many/],
      [['list', 'relays'], 64, /list takes one of/],
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
