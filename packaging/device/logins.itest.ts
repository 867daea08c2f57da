/** Who may log in to a device, by its own files: its sshd drop-in and its accounts, with a real sshd. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { keyLine } from '../../supervisor/proof/selftest-key.ts'
import { freePort } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { has } from './testing/has.ts'

const test = suite('logins')
const FILES = join(import.meta.dirname, 'files')
const SSHD_CONFIG = join(FILES, 'etc/ssh/sshd_config.d/50-oobm.conf')

test('sshd accepts its drop-in before an import too, and its matches end with it', async context => {
  const directory = await scratchDirectory(context)
  const own = await makeKey(directory, 'own')
  const config = join(directory, 'sshd_config')
  await writeFile(config, `Include ${SSHD_CONFIG}\nHostKey ${own.path}\nPermitRootLogin no\n`)
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const sshd = (...args: string[]) => runProgram('/usr/sbin/sshd', [...args, '-f', config])
  const { code, stderr } = await sshd('-t')
  assert.is(code, 0, stderr)
  const { stdout } = await sshd('-T', '-C', 'user=root,host=x,addr=127.0.0.1')
  assert.match(stdout, /^permitrootlogin no$/m)
  assert.match(stdout, /^authorizedkeyscommand none$/m)
})

const LOGIN_TESTS = {
  'create-accounts makes accounts that sshd lets in, and locked ones for the daemons': accountsTest,
  'the self-test gets in with its key, and does nothing but its command': selftestTest,
  'a technician gets a shell with a key of the configuration, and with no other': shellTest,
  'as many as the tunnel lets through, and do not log in, keep nobody out': crowdTest,
  'an administrator gets one by either name of that account': adminTest,
  'root is what an administrator may become, and nobody else': rootTest,
}
for (const [title, body] of Object.entries(LOGIN_TESTS)) {
  if (!canMount()) test.skip(title, 'needs root: accounts of its own in a mount namespace')
  else if (!has('systemd-sysusers')) test.skip(title, 'needs systemd-sysusers')
  else test(title, body, { timeoutMs: 90_000 })
}

interface Device {
  sshd: Sshd
  /** What is /etc and /run on this device. */
  etc: string
  run: string
  keys: Record<'alice' | 'admin' | 'selftest' | 'stranger', KeyPair>
  /** The real client, logging in as `user`, that accepts only the host key that the operator gave. */
  ssh(user: string, key: KeyPair, ...args: string[]): ReturnType<typeof runProgram>
}

/** A device’s sshd with our drop-in and our accounts, in a mount namespace with its own /etc, /run and /home. */
async function startDevice(context: TestContext): Promise<Device> {
  const directory = await scratchDirectory(context)
  const [etc, run] = [join(directory, 'etc'), join(directory, 'run')]
  assert.is((await runProgram('cp', ['-a', '/etc', etc])).code, 0)
  const keys: Device['keys'] = {
    alice: await makeKey(directory, 'alice'),
    admin: await makeKey(directory, 'admin'),
    selftest: await makeKey(directory, 'selftest'),
    stranger: await makeKey(directory, 'stranger'),
  }
  const hostKey = await makeKey(directory, 'given_host_key')
  for (const kind of ['sysusers.d', 'tmpfiles.d']) {
    await mkdir(join(etc, kind), { recursive: true })
    await cp(join(FILES, `usr/lib/${kind}/oobm.conf`), join(etc, kind, 'oobm.conf'))
  }
  await mkdir(join(etc, 'oobm/secrets/shell'), { recursive: true })
  await cp(hostKey.path, join(etc, 'oobm/secrets/shell/host_key'))
  await cp(join(FILES, 'etc/sudoers.d/oobm'), join(etc, 'sudoers.d/oobm'))
  await chmod(join(etc, 'sudoers.d/oobm'), 0o440)
  await writeFile(join(etc, 'oobm/shell_authorized_keys'), `${keys.alice.publicKey} alice\n`)
  await writeFile(join(etc, 'oobm/admin_authorized_keys'), `${keys.admin.publicKey} bob\n`)
  for (const folder of ['', 'sshd', 'oobm']) await mkdir(join(run, folder), { mode: 0o755 })
  // Without `restrict`: what the drop-in denies by itself.
  const command = 'command="id -un; tty; echo asked $SSH_ORIGINAL_COMMAND"'
  await writeFile(join(run, 'oobm/selftest.keys'), `${command} ${keys.selftest.publicKey}\n`, { mode: 0o644 })
  const enter = [
    `mount --bind '${etc}' /etc`,
    `mount --bind '${run}' /run`,
    'mount -t tmpfs none /home',
    // What systemd-tmpfiles makes there is not this machine's.
    'mount -t tmpfs none /var/lib',
    // What systemd says of each account is of no use here.
    `'${FILES}/usr/lib/oobm/create-accounts' >/dev/null 2>&1`,
    'exec "$@"',
  ]
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    authorizedKeys: ['none'],
    config: ['StrictModes yes', `Include ${SSHD_CONFIG}`],
    maxStartups: 'default',
    under: ['unshare', '-m', 'sh', '-ec', enter.join('\n'), 'sh'],
  })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  const hosts = join(directory, 'known_hosts')
  await writeFile(hosts, `[127.0.0.1]:${sshd.port} ${hostKey.publicKey}\n`)
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${hosts}`]
  const to = ['-F', 'none', '-p', String(sshd.port), ...options.flatMap(option => ['-o', option])]
  const ssh: Device['ssh'] = (user, key, ...args) =>
    runProgram('ssh', [...to, '-i', key.path, '-l', user, '127.0.0.1', ...args])
  return { sshd, etc, run, keys, ssh }
}

async function accountsTest(context: TestContext): Promise<void> {
  const { etc } = await startDevice(context)
  const entries = async (file: string) =>
    Object.fromEntries(
      (await readFile(join(etc, file), 'utf8')).split('\n').map(line => [line.split(':')[0], line.split(':')]),
    )
  const [passwd, shadow, group] = [await entries('passwd'), await entries('shadow'), await entries('group')]
  const rows = [
    ['oobm', '*', '/bin/bash'],
    ['remote-admin', '*', '/bin/bash'],
    ['enebular-remote-admin', '*', '/bin/bash'],
    ['oobm-selftest', '*', '/bin/sh'],
    ['oobm-supervisor', '!*', '/usr/sbin/nologin'],
    ['oobm-console', '!*', '/usr/sbin/nologin'],
  ] as const
  for (const [account, password, shell] of rows) {
    assert.equal([shadow[account]?.[1], passwd[account]?.[6]], [password, shell], account)
  }
  assert.match(group.dialout?.[3] ?? '', 'oobm-console')
  // Two names, one account: whoever asks for the name of its uid gets the one that stands first.
  assert.equal(passwd['enebular-remote-admin']?.slice(2), passwd['remote-admin']?.slice(2))
  assert.ok(Object.keys(passwd).indexOf('remote-admin') < Object.keys(passwd).indexOf('enebular-remote-admin'))
  for (const name of ['oobm', 'systemd-journal'])
    assert.match(group[name]?.[3] ?? '', /(^|,)remote-admin,.*enebular-remote-admin$/, name)
  assert.ok('gpio' in group)
  assert.is((await stat(join(etc, 'oobm/secrets/relay'))).mode & 0o777, 0o700)
}

async function selftestTest(context: TestContext): Promise<void> {
  const { sshd, run, keys, ssh } = await startDevice(context)
  const nonce = '0123456789abcdef'.repeat(2)
  const markers = join(run, 'oobm/selftest')
  await mkdir(markers)
  await chmod(markers, 0o777)
  const proved = await ssh('oobm-selftest', keys.selftest, nonce)
  assert.equal([proved.code, proved.stdout, proved.stderr], [0, '', ''], 'the command of the line does not run')
  assert.equal(await readdir(markers), [nonce])
  for (const asked of ['id', 'sh -i', `${nonce}0`, nonce.slice(1), `../${nonce.slice(3)}`, nonce.toUpperCase()])
    assert.is((await ssh('oobm-selftest', keys.selftest, asked)).code, 64, asked)
  assert.is((await ssh('oobm-selftest', keys.selftest, '-T')).code, 64, 'no shell')
  assert.equal(await readdir(markers), [nonce])
  const ours = /command="([^"]*)"/.exec(keyLine('ssh-ed25519 AAAA', '/run/oobm/selftest'))?.[1]
  assert.match(await readFile(SSHD_CONFIG, 'utf8'), `    ForceCommand ${ours}\n`, 'the two are one command')
  assert.match((await ssh('oobm-selftest', keys.selftest, '-tt', nonce)).stderr, 'PTY allocation request failed')
  const port = await freePort()
  const rows = [
    ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `127.0.0.1:${port}:127.0.0.1:1`],
    ['-N', '-o', 'ExitOnForwardFailure=yes', '-W', `127.0.0.1:${sshd.port}`],
  ]
  for (const args of rows) {
    const { code, stderr } = await ssh('oobm-selftest', keys.selftest, ...args)
    assert.is(code, 255, args.join(' '))
    assert.match(stderr, /forwarding failed|administratively prohibited|forwarding request failed/i)
  }
  for (const key of [keys.alice, keys.stranger]) {
    assert.match((await ssh('oobm-selftest', key, nonce)).stderr, 'Permission denied (publickey)')
  }
  // The supervisor makes a new key at each start: the old one is worth nothing then.
  await writeFile(join(run, 'oobm/selftest.keys'), `${keys.stranger.publicKey}\n`)
  assert.match((await ssh('oobm-selftest', keys.selftest, nonce)).stderr, 'Permission denied (publickey)')
}

async function shellTest(context: TestContext): Promise<void> {
  const { etc, keys, ssh } = await startDevice(context)
  const shell = await ssh('oobm', keys.alice, 'id -un; echo $SHELL; pwd')
  assert.is(shell.stdout, 'oobm\n/bin/bash\n/home/oobm\n', shell.stderr)
  for (const [user, key] of [
    ['oobm', keys.selftest],
    ['oobm', keys.stranger],
    ['oobm', keys.admin],
    ['remote-admin', keys.alice],
    ['enebular-remote-admin', keys.alice],
    ['oobm-supervisor', keys.alice],
    ['oobm-console', keys.alice],
    ['root', keys.alice],
  ] as const) {
    const { code, stderr } = await ssh(user, key, 'true')
    assert.is(code, 255, user)
    assert.match(stderr, 'Permission denied', user)
  }
  // StrictModes: a list of keys that others may write to counts for nothing.
  await chmod(join(etc, 'oobm/shell_authorized_keys'), 0o666)
  assert.is((await ssh('oobm', keys.alice, 'true')).code, 255)
}

async function crowdTest(context: TestContext): Promise<void> {
  const { sshd, keys, ssh } = await startDevice(context)
  // Those that say nothing and those that greet and wait, from the one address that all in the tunnel have.
  const crowd = Array.from({ length: 64 + 60 }, (_, index) => {
    const socket = connect(sshd.port, '127.0.0.1')
    context.cleanup(() => socket.destroy())
    socket.on('error', () => {})
    if (index >= 64) socket.write('SSH-2.0-x\r\n')
    return socket
  })
  await Promise.all(crowd.map(socket => once(socket, 'data')))
  // sshd's default refuses them by chance, so one login would prove little.
  for (let count = 0; count < 6; count++) {
    const shell = await ssh('oobm', keys.alice, 'id -un')
    assert.equal([shell.code, shell.stdout], [0, 'oobm\n'], shell.stderr)
  }
}

async function adminTest(context: TestContext): Promise<void> {
  const { keys, ssh } = await startDevice(context)
  for (const name of ['remote-admin', 'enebular-remote-admin']) {
    const shell = await ssh(name, keys.admin, 'id -un; id -Gn; echo $USER; pwd')
    assert.is(
      shell.stdout,
      `remote-admin\nremote-admin oobm oobm-drop-admin systemd-journal\n${name}\n/home/remote-admin\n`,
      shell.stderr,
    )
  }
}

async function rootTest(context: TestContext): Promise<void> {
  const { keys, ssh, sshd } = await startDevice(context)
  for (const name of ['remote-admin', 'enebular-remote-admin']) {
    const root = await ssh(name, keys.admin, 'sudo -n id -un')
    assert.is(root.stdout, 'root\n', root.stderr)
  }
  const technician = await ssh('oobm', keys.alice, 'sudo -n id -un')
  assert.is(technician.stdout, '')
  assert.match(technician.stderr, /password is required/)
  // What sudo knows of each account, the daemons' too, which log in nowhere.
  const list = 'for name in oobm oobm-selftest oobm-supervisor oobm-console; do sudo -n -l -U "$name" 2>&1; done'
  const enter = ['--target', String(sshd.program.pid), '--mount', 'sh', '-c', list]
  const { stdout } = await runProgram('nsenter', enter)
  assert.is(stdout.match(/is not allowed to run sudo/g)?.length, 4, stdout)
}

function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'true']).status === 0
}

test.run()
