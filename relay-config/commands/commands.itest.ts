import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../../runtime/provisioning.ts'
import { freePortPair } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { suite, type TestContext } from '../../tools/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { renderSshdConfig, SSHD_SETTINGS } from '../render/sshd-config.ts'

const test = suite('oobm-relay')
const SLOW = { timeoutMs: 120_000 }
const MAIN = join(import.meta.dirname, '..', 'main.ts')

/** An operator's folder with a fleet of one relay, which the sshd that is started last becomes. */
async function operator(context: TestContext) {
  const folder = await scratchDirectory(context)
  const home = join(folder, 'home')
  await mkdir(join(home, '.ssh'), { recursive: true })
  const alice = await makeKey(folder, 'alice')
  const hostKey = await makeKey(folder, 'host-key')
  const port = await freePortPair()
  const oobmRelay = (...args: string[]) =>
    runProgram(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      env: { OOBM_FLEET: join(folder, 'fleet.toml') },
      timeoutMs: 60_000,
    })
  const writeFleet = (relayPort: number, user: string, more = '') =>
    writeFile(
      join(folder, 'fleet.toml'),
      `version = 1
[[relays]]
name = "lab"
host = "127.0.0.1"
port = ${relayPort}
user = "${user}"
host_keys = ["${hostKey.publicKey}"]
directory = "${home}/.oobm"
[[devices]]
name = "tokyo"
port = ${port}
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
keys = ["${alice.publicKey}"]
consoles = "all"
${more}`,
    )
  await writeFleet(443, 'oobm')
  const startRelay = async (name: string, config: string[]): Promise<Sshd> => {
    const sshd = await startSshd({
      directory: join(folder, name),
      hostKey,
      authorizedKeys: [join(home, '.ssh', 'authorized_keys')],
      config,
    })
    context.cleanup(() => sshd.stop())
    context.onFailure(sshd.log)
    await writeFleet(sshd.port, sshd.user)
    return sshd
  }
  const install = () => runProgram('sh', [join(folder, 'rendered/relay/lab/install')], { env: { HOME: home } })
  return { folder, home, alice, port, oobmRelay, writeFleet, startRelay, install }
}

const settings = (change: Record<string, string> = {}) =>
  Object.keys(SSHD_SETTINGS).map(line => {
    const [name = ''] = line.split(' ')
    return change[name] === undefined ? line : `${name} ${change[name]}`
  })

test('makes missing keys, closed to others and out of git, and never another in their place', async context => {
  const { folder, oobmRelay } = await operator(context)
  const first = await oobmRelay('keys', 'tokyo')
  assert.is(first.code, 0, first.stderr)
  const secrets = join(folder, 'secrets/tokyo')
  const names = ['bridge_host_key', 'relay_key', 'shell_host_key']
  assert.equal(
    (await readdir(secrets)).sort(),
    names.flatMap(name => [name, `${name}.pub`]),
  )
  assert.is((await stat(join(folder, 'secrets'))).mode & 0o777, 0o700)
  assert.is(await readFile(join(folder, 'secrets/.gitignore'), 'utf8'), '*\n')
  for (const name of names) assert.is((await stat(join(secrets, name))).mode & 0o777, 0o600)

  const before = await Promise.all(names.map(name => readFile(join(secrets, name), 'utf8')))
  const publicHalf = await readFile(join(secrets, 'relay_key.pub'), 'utf8')
  await rm(join(secrets, 'relay_key.pub'))
  const [one, two] = await Promise.all([oobmRelay('keys', '--all'), oobmRelay('keys', 'tokyo')])
  assert.match(`${one.stdout}${two.stdout}`, /^(tokyo: all keys are there already\n){2}$/)
  assert.equal(await Promise.all(names.map(name => readFile(join(secrets, name), 'utf8'))), before)
  assert.is((await readFile(join(secrets, 'relay_key.pub'), 'utf8')).split(' ')[1], publicHalf.split(' ')[1])
})

test('renders, says what it wrote, and removes what it wrote and nobody wants any more, and nothing else', async context => {
  const { folder, oobmRelay, writeFleet } = await operator(context)
  const early = await oobmRelay('render')
  assert.is(early.code, 78)
  assert.match(early.stderr, /relay_key\.pub is missing: make it with "oobm-relay keys tokyo"/)
  await oobmRelay('keys', '--all')
  const first = await oobmRelay('render')
  assert.is(first.code, 0, first.stderr)
  assert.is(first.stdout.split('\n').filter(line => line.startsWith('written ')).length, 6)
  const rendered = join(folder, 'rendered')
  await writeFile(join(rendered, 'technicians/alice/notes'), 'hers')
  await writeFile(join(rendered, 'relay/lab/sshd_config'), 'edited')
  assert.match((await oobmRelay('render')).stdout, /^written .*sshd_config\n6 files in .* are up to date\n$/)

  const text = await readFile(join(folder, 'fleet.toml'), 'utf8')
  await writeFile(join(folder, 'fleet.toml'), text.replace('"alice"', '"zoe"'))
  const { stdout } = await oobmRelay('render', '--identity', '~/.ssh/id', '--known-hosts', '/srv/k')
  assert.equal(
    stdout.match(/^removed .*$/gm)?.map(line => line.replace(/.*\/technicians/, '')),
    ['/alice/config', '/alice/known_hosts'],
  )
  assert.equal(await readdir(join(rendered, 'technicians/alice')), ['notes'])
  assert.match(
    await readFile(join(rendered, 'technicians/zoe/config'), 'utf8'),
    /IdentityFile "~\/\.ssh\/id"[\s\S]*UserKnownHostsFile "\/srv\/k"/,
  )
  await writeFleet(443, 'oobm')
})

test('issues one file that a device can read, with its secrets in it', async context => {
  const { folder, port, oobmRelay, alice } = await operator(context)
  assert.is((await oobmRelay('issue', 'tokyo')).code, 78)
  await oobmRelay('keys', 'tokyo')
  const { code, stdout } = await oobmRelay('issue', 'tokyo')
  assert.is(code, 0)
  const path = join(folder, 'secrets/tokyo/oobm.toml')
  assert.match(stdout, `wrote ${path}`)
  assert.is((await stat(path)).mode & 0o777, 0o600)
  const { config, secrets } = parseProvisioning(path, await readFile(path, 'utf8'))
  assert.is(config.listenerPort, port)
  assert.equal(config.technicians, [
    {
      name: 'alice',
      keys: [alice.publicKey],
      role: 'operator',
      consoles: ['sw1'],
      viaRelay: [],
      hopKeys: [],
      shell: false,
      admin: false,
    },
  ])
  assert.is(secrets.relayKey, await readFile(join(folder, 'secrets/tokyo/relay_key'), 'utf8'))
  const elsewhere = await oobmRelay('issue', 'tokyo', '--out', join(folder, 'no/such/oobm.toml'))
  assert.is(elsewhere.code, 1)
  assert.match(elsewhere.stderr, /^cannot write .* \(ENOENT\): is there a folder .*\/no\/such\?\n$/)
})

test('issues a file with the settings of its site, as they were written', async context => {
  const { folder, oobmRelay } = await operator(context)
  await oobmRelay('keys', 'tokyo')
  const path = join(folder, 'tokyo-office.toml')
  await writeFile(path, 'system.country = "JP"\n[[wifi]]\nssid = "Büro"\npassphrase = "long enough"\n')
  assert.is((await oobmRelay('issue', 'tokyo', '--with', path)).code, 0)
  const issued = await readFile(join(folder, 'secrets/tokyo/oobm.toml'), 'utf8')
  const { site } = parseProvisioning('oobm.toml', issued)
  assert.equal([site.system.country, site.wifi[0]?.ssid], ['JP', 'Büro'])
  // A default in the file would replace what somebody set on the device.
  assert.not.match(issued, 'time_zone')
  await writeFile(path, '[[wifi]]\nssid = "Büro"\npassphrase = "short"\n')
  const wrong = await oobmRelay('issue', 'tokyo', '--with', path)
  assert.is(wrong.code, 78)
  assert.match(wrong.stderr, `${path}:3: wifi[1].passphrase: must be 8 to 63 plain characters`)
  assert.match((await oobmRelay('issue', 'tokyo', '--with', '/no/such')).stderr, 'cannot read /no/such (ENOENT)')
})

test('tells a wrong command line from a wrong file', async context => {
  const { folder, oobmRelay } = await operator(context)
  const cases: [string[], number, RegExp][] = [
    [['--help'], 0, /keys DEVICE \| --all/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['render', '--help'], 0, /^usage: oobm-relay render/],
    [['frobnicate'], 64, /"frobnicate" is not a word here/],
    [['constructor'], 64, /is not a word here/],
    [['keys'], 64, /name one device/],
    [['keys', 'osaka'], 64, /"osaka" is not a device of .*there are: tokyo/],
    [['issue', 'tokyo', '--all'], 64, /Unknown option '--all'/],
    [['check', 'paris'], 64, /"paris" is not a relay/],
    [['check', '--fleet', join(folder, 'none.toml')], 78, /cannot read .*none\.toml \(ENOENT\)/],
  ]
  for (const [args, expected, pattern] of cases) {
    const { code, stdout, stderr } = await oobmRelay(...args)
    assert.is(code, expected, args.join(' '))
    assert.match(stdout + stderr, pattern)
  }
  await writeFile(join(folder, 'fleet.toml'), 'version = 2\nrelays = []\n')
  const wrong = await oobmRelay('check')
  assert.is(wrong.code, 78)
  assert.match(wrong.stderr, /fleet\.toml:1: version: [\s\S]*fleet\.toml:2: relays: needs at least one relay/)
})

test(
  'check is content with a relay that is right, also while the device is connected, and touches nothing',
  async context => {
    const { folder, home, port, oobmRelay, startRelay, install } = await operator(context)
    const sshd = await startRelay('relay', settings())
    await oobmRelay('keys', '--all')
    await oobmRelay('render')
    assert.is((await install()).code, 0)
    const idle = await oobmRelay('check')
    assert.is(idle.code, 0, idle.stdout + idle.stderr)
    assert.is(idle.stdout.match(/^ {2}ok /gm)?.length, 10)
    assert.not.match(idle.stdout, /WRONG|untried/)
    assert.equal(await readdir(join(home, '.oobm')), ['oobm-device-word'], 'it left no record')

    const server = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-device\r\n'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    context.cleanup(() => server.close())
    const tunnel = startProgram('ssh', [
      ...['-F', 'none', '-N', '-i', join(folder, 'secrets/tokyo/relay_key'), '-p', String(sshd.port)],
      ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${folder}/kh`],
      ...['-R', `127.0.0.1:${port}:127.0.0.1:${(server.address() as { port: number }).port}`, `${sshd.user}@127.0.0.1`],
    ])
    context.cleanup(() => tunnel.stop())
    await waitFor(
      'the tunnel',
      () => /remote forward|forwarding listening/.test(sshd.log()) || tunnel.ended() || listens(port),
    )
    const busy = await oobmRelay('check')
    assert.is(busy.code, 0, busy.stdout)
    assert.match(
      busy.stdout,
      /untried {2}a device may listen on its own ports, on 127\.0\.0\.1 alone: every device whose key is here is connected/,
    )
    assert.not(tunnel.ended())
  },
  SLOW,
)

async function listens(port: number): Promise<boolean> {
  const { stdout } = await runProgram('sh', ['-c', 'cat /proc/net/tcp'])
  return stdout.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`)
}

test(
  'check names each thing that is wrong, and what to set',
  async context => {
    const { folder, home, oobmRelay, startRelay, install, writeFleet } = await operator(context)
    await startRelay('right', settings())
    await oobmRelay('keys', '--all')
    await oobmRelay('render')
    const wrongsOf = async (): Promise<string> => {
      const { code, stdout, stderr } = await oobmRelay('check')
      assert.is(code, 1, stdout + stderr)
      return (stdout.match(/^ {2}WRONG .*$/gm) ?? []).join('\n')
    }
    assert.match(
      await wrongsOf(),
      /^ {2}WRONG {4}the key of tokyo is let in: run the rendered "install" on the relay anew, as /,
    )
    assert.is((await install()).code, 0)

    const words = join(home, '.oobm/oobm-device-word')
    await rename(words, `${words}.away`)
    assert.match(
      await wrongsOf(),
      /^ {2}WRONG {4}the device words answer: run the rendered "install".*(not found|No such file or directory)$/,
    )
    await rename(`${words}.away`, words)

    const keys = join(home, '.ssh/authorized_keys')
    const good = await readFile(keys, 'utf8')
    await writeFile(keys, good.replace(/^restrict,port-forwarding,.*?(?=command)/gm, ''))
    assert.match(
      await wrongsOf(),
      /no shell and no terminal[\s\S]*no opening of other ports[\s\S]*no listening on other ports/,
    )
    await writeFile(keys, good)

    const cases: [Record<string, string>, RegExp][] = [
      [
        { AllowStreamLocalForwarding: 'remote' },
        /^ {2}WRONG {4}no listening on Unix sockets: set "AllowStreamLocalForwarding no"/,
      ],
      [{ GatewayPorts: 'yes' }, /^ {2}WRONG {4}listeners are on 127\.0\.0\.1 alone: set "GatewayPorts no"/],
      [{ AllowTcpForwarding: 'no' }, /^ {2}WRONG {4}tokyo may open its own listener: set "AllowTcpForwarding yes"/],
      [{ AllowTcpForwarding: 'local' }, /^ {2}WRONG {4}tokyo may listen on its own port: set "AllowTcpForwarding yes"/],
    ]
    for (const [index, [change, pattern]] of cases.entries()) {
      await startRelay(`wrong-${index}`, settings(change))
      const wrongs = await wrongsOf()
      assert.match(wrongs, pattern)
      assert.is(wrongs.split('\n').length, 1, wrongs)
      const [left] = /\/tmp\/oobm-check-[0-9a-f]{16}/.exec(wrongs) ?? []
      if (left !== undefined) await rm(left, { force: true })
    }
    const imposter = await startSshd({
      directory: join(folder, 'imposter'),
      authorizedKeys: [keys],
      config: settings(),
    })
    context.cleanup(() => imposter.stop())
    await writeFleet(imposter.port, imposter.user)
    assert.match(await wrongsOf(), /^ {2}WRONG {4}its host key is the pinned one: another key answers at 127\.0\.0\.1:/)
    await imposter.stop()
    assert.match(await wrongsOf(), /^ {2}WRONG {4}127\.0\.0\.1:\d+ answers: .*Connection refused$/)
  },
  SLOW,
)

test('the rendered sshd_config means what it says, for its login alone', async context => {
  const { folder, startRelay } = await operator(context)
  const sshd = await startRelay('relay', [])
  const fleet = parseFleet('fleet.toml', await readFile(join(folder, 'fleet.toml'), 'utf8'))
  assert.ok(fleet.relays[0])
  const file = join(folder, 'sshd_config')
  const common = `${await readFile(sshd.configFile, 'utf8')}GatewayPorts yes\nPermitTunnel yes\nAllowTcpForwarding no\nClientAliveCountMax 9\n`
  await writeFile(file, common + renderSshdConfig(fleet.relays[0]))
  const meaning = async (user: string) => {
    const { stdout, stderr } = await runProgram('sh', [
      '-c',
      `PATH=$PATH:/usr/sbin; sshd -T -f ${file} -C user=${user},host=h,addr=192.0.2.1`,
    ])
    assert.is(stderr, '')
    return stdout.split('\n')
  }
  const ours = await meaning(sshd.user)
  const theirs = await meaning('nobody')
  for (const setting of Object.keys(SSHD_SETTINGS)) {
    assert.ok(ours.includes(setting.toLowerCase()), setting)
    assert.not(theirs.includes(setting.toLowerCase()), setting)
  }
})

test.run()
