import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type DeviceConfigInput, deviceConfigSchema } from '../../formats/device-config.ts'
import { SECRETS, type Secrets, stringifyProvisioning } from '../../formats/provisioning.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT } from '../../runtime/errors.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('import')
const ROOT = join(import.meta.dirname, '../..')

const oobm = (...args: string[]) =>
  runProgram(process.execPath, [...programArgs('device/main.ts'), ...args], { cwd: ROOT, timeoutMs: 60_000 })

interface Field {
  directory: string
  root: string
  file: string
  keys: Record<'relay' | 'bridge' | 'shell' | 'alice', KeyPair>
  write(secrets?: Partial<Secrets>, config?: Partial<DeviceConfigInput>): Promise<void>
}

async function field(context: TestContext): Promise<Field> {
  const directory = await scratchDirectory(context)
  const make = (name: string) => makeKey(directory, name)
  const [relay, bridge, shell, alice] = [
    await make('relay'),
    await make('bridge'),
    await make('shell'),
    await make('alice'),
  ]
  const file = join(directory, 'oobm.toml')
  const root = join(directory, 'root')
  await mkdir(root)
  return {
    directory,
    root,
    file,
    keys: { relay, bridge, shell, alice },
    write: async (secrets = {}, config = {}) => {
      const whole: DeviceConfigInput = {
        version: 1,
        device: 'tokyo-rack1',
        relays: [{ host: '127.0.0.1', user: 'oobm', hostKeys: [relay.publicKey] }],
        listenerPort: 20100,
        bridge: { hostKey: bridge.publicKey },
        consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB0' }],
        technicians: [
          { name: 'alice', keys: [alice.publicKey], shell: true },
          { name: 'bob', keys: [shell.publicKey] },
        ],
        ...config,
      }
      const all = { relayKey: relay.privateKey, bridgeHostKey: bridge.privateKey, ...secrets }
      await writeFile(file, stringifyProvisioning(whole, all))
    },
  }
}

/** Every file and folder below `directory` with its mode; files with their contents. */
async function tree(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true })
  const entries = names.sort().map(async name => {
    const info = await stat(join(directory, name))
    const mode = (info.mode & 0o777).toString(8)
    return [name, info.isDirectory() ? `${mode} directory` : `${mode} ${await readFile(join(directory, name), 'utf8')}`]
  })
  return Object.fromEntries(await Promise.all(entries))
}

test('writes the configuration for everybody, and each secret for root alone', async context => {
  const { root, file, keys, write } = await field(context)
  await write({ relayKeyPassphrase: 'hush', shellHostKey: keys.shell.privateKey })
  const { code, stdout, stderr } = await oobm('import', file, '--root', root)
  assert.is(code, EXIT.ok, stderr)
  assert.match(stdout, 'tokyo-rack1')
  const found = await tree(root)
  const { 'etc/oobm/device.toml': device = '', ...rest } = found
  assert.equal(rest, {
    etc: '755 directory',
    'etc/oobm': '755 directory',
    'etc/oobm/secrets': '700 directory',
    'etc/oobm/secrets/relay': '700 directory',
    'etc/oobm/secrets/relay/key': `600 ${keys.relay.privateKey}`,
    'etc/oobm/secrets/relay/key_passphrase': '600 hush',
    'etc/oobm/secrets/bridge': '700 directory',
    'etc/oobm/secrets/bridge/host_key': `600 ${keys.bridge.privateKey}`,
    'etc/oobm/secrets/shell': '700 directory',
    'etc/oobm/secrets/shell/host_key': `600 ${keys.shell.privateKey}`,
    'etc/oobm/secrets/system.toml':
      '600 wifi = []\ninterfaces = []\noutlet_secrets = []\nfirst_installation = []\n\n[system]\ntime_zone = "UTC"\nntp = []\nlanguage = "en"\n',
    'etc/oobm/secrets/settings.toml': '600 [settings]\nserial = 0\nsigners = []\n',
    'etc/oobm/settings.toml': '644 [settings]\nserial = 0\nsigners = []\n',
    'etc/oobm/shell_authorized_keys': `644 ${keys.alice.publicKey} alice\n`,
    'etc/oobm/admin_authorized_keys': '644 ',
    'etc/oobm/shell_host_key.pub': `644 ${keys.shell.publicKey} tokyo-rack1\n`,
  })
  assert.match(device, /^644 /)
  assert.not.match(device, /PRIVATE|hush|secrets/)
  const config = parseToml('device.toml', device.slice(4), deviceConfigSchema)
  assert.is(config.shell.hostKeyFile, '/etc/oobm/shell_host_key.pub')
  assert.is(config.consoles[0]?.baudRate, 9600)
})

test('a wrong file changes nothing, and says everything that is wrong with its line', async context => {
  const { root, file, keys, write } = await field(context)
  await write()
  assert.is((await oobm('import', file, '--root', root)).code, EXIT.ok)
  const before = await tree(root)
  await write({ bridgeHostKey: keys.shell.privateKey, shellHostKey: keys.relay.privateKey.replace(/\n.{20}/, '\n') })
  const wrongKeys = await oobm('import', file, '--root', root)
  assert.is(wrongKeys.code, EXIT.configuration)
  assert.match(
    wrongKeys.stderr,
    /oobm\.toml:\d+: secrets\.bridge_host_key: is not the private half of bridge\.host_key/,
  )
  assert.match(wrongKeys.stderr, /oobm\.toml:\d+: secrets\.shell_host_key: is damaged/)
  await write()
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('listener_port = 20100', 'listener_port = 0\ncolour = 1'),
  )
  const wrongValue = await oobm('import', file, '--root', root)
  assert.is(wrongValue.code, EXIT.configuration)
  assert.match(wrongValue.stderr, /oobm\.toml:\d+: listener_port: .*\n.*oobm\.toml:\d+: colour: /s)
  assert.equal(await tree(root), before)
})

test('a later whole file takes away what it does not name, but never the host key that technicians know', async context => {
  const { root, file, keys, write } = await field(context)
  await write({ relayKeyPassphrase: 'hush', shellHostKey: keys.shell.privateKey })
  assert.is((await oobm('import', file, '--root', root)).code, EXIT.ok)
  await write({}, { technicians: [] })
  const { stdout } = await oobm('import', file, '--root', root)
  const found = await tree(root)
  assert.is(found['etc/oobm/secrets/relay/key_passphrase'], undefined)
  assert.match(stdout, 'removed /etc/oobm/secrets/relay/key_passphrase')
  assert.is(found['etc/oobm/secrets/shell/host_key'], `600 ${keys.shell.privateKey}`)
  assert.is(found['etc/oobm/shell_authorized_keys'], '644 ')
  assert.match(found['etc/oobm/device.toml'] ?? '', '/etc/oobm/shell_host_key.pub')
})

test('a key with a passphrase needs that passphrase, and a host key must have none', async context => {
  const { directory, root, file, write } = await field(context)
  const locked = await makeKey(directory, 'locked', 'hush')
  await write({ relayKey: locked.privateKey, shellHostKey: locked.privateKey })
  const { code, stderr } = await oobm('import', file, '--root', root)
  assert.is(code, EXIT.configuration)
  assert.match(stderr, 'secrets.relay_key: has a passphrase, and secrets.relay_key_passphrase is missing')
  assert.match(stderr, 'secrets.shell_host_key: has a passphrase: a host key')
  assert.equal(await readdir(root), [])
})

test('modes that somebody loosened are put right', async context => {
  const { root, file, write } = await field(context)
  await write()
  await oobm('import', file, '--root', root)
  const key = join(root, 'etc/oobm/secrets/relay/key')
  await chmod(key, 0o644)
  await chmod(join(root, 'etc/oobm/secrets'), 0o755)
  await oobm('import', file, '--root', root)
  assert.is((await stat(join(root, 'etc/oobm/secrets'))).mode & 0o777, 0o700)
  assert.is((await stat(key)).mode & 0o777, 0o600)
})

test('says what is missing on the command line', async () => {
  const { code, stderr } = await oobm('import')
  assert.is(code, EXIT.usage)
  assert.match(stderr, 'oobm import: missing argument FILE')
  const missing = await oobm('import', '/nonexistent/oobm.toml')
  assert.is(missing.code, EXIT.failed)
  assert.match(missing.stderr, 'cannot read /nonexistent/oobm.toml (ENOENT)')
})

test('each secret lies where its unit loads it from', () => {
  for (const { file, source } of Object.values(SECRETS)) assert.is(source.replace('/', '_'), file)
})

const NAMESPACE = 'a system upgrade on trial does not keep a file out, and is said'
const isRoot = process.getuid?.() === 0
if (!isRoot) test.skip(NAMESPACE, 'needs root')
else
  test(NAMESPACE, async context => {
    const { directory, file, write } = await field(context)
    await write()
    await mkdir(join(directory, 'facts'))
    await writeFile(join(directory, 'facts/trial'), '3\n')
    // It writes below / for that: an /etc of its own.
    const script = 'mount -t tmpfs tmpfs /etc && exec "$@"'
    const inside = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', process.execPath]
    const { code, stdout, stderr } = await runProgram(
      'unshare',
      [...inside, ...programArgs('device/main.ts'), 'import', file],
      {
        ...{ cwd: ROOT, timeoutMs: 60_000 },
        env: { OOBM_FACTS: join(directory, 'facts'), OOBM_PROVISION_DIRECTORY: join(directory, 'provision') },
      },
    )
    assert.is(code, EXIT.ok, stderr)
    assert.match(stdout, 'wrote   /etc/oobm/device.toml')
    assert.match(stdout, /^A system upgrade is on trial: .* the upgrade is undone too, and this file stays\./m)
    assert.not.match((await oobm('import', file, '--root', directory)).stdout, /system upgrade/)
  })

test.run()
