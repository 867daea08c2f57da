/** What `ssh-audit` finds at everything of ours that speaks SSH, and that common clients still get in there. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import ssh2 from 'ssh2'
import * as assert from 'uvu/assert'
import { bridgeFiles, startBridge } from '../console-bridge/testing/bridge-fixture.ts'
import { parseFleet } from '../relay-config/fleet/fleet-config.ts'
import { askSshd } from '../relay-config/relay/apply/sshd-service.ts'
import { renderRelaySshdConfig } from '../relay-config/relay/dedicated/relay-sshd-config.ts'
import { relayPaths } from '../relay-config/relay/relay-paths.ts'
import { dedicatedFleetText } from '../relay-config/testing/dedicated-fleet-text.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { startSshd } from '../testbed/sshd.ts'
import { suite, type TestContext } from '../testbed/suite.ts'

const test = suite('ssh-audit')
const LIMIT = { timeoutMs: 120_000 }
const DROP_IN = join(import.meta.dirname, '../packaging/device/files/etc/ssh/sshd_config.d/50-oobm.conf')

/** The releases that this policy was written for: Debian 12's and Debian 13's. */
const RELEASES = /ssh-audit v(2\.5\.0|3\.\d+\.\d+)/

/** What it may say, by algorithm: everything else is a finding. */
const ACCEPTED: [algorithm: RegExp, why: string][] = [
  [/^ecdh-sha2-nistp256$/, 'for clients without curve25519; the one accepted finding'],
  [/^sntrup761x25519-sha512(@openssh\.com)?$/, 'post-quantum; 2.5.0 takes it for experimental, or does not know it'],
  [/^mlkem768x25519-sha256$/, 'post-quantum; not known before 3.3'],
  [/^(kex-strict-s-v00@openssh\.com|ext-info-s)$/, 'no algorithm, but a marker; 2.5.0 does not know it'],
  [/^curve25519-sha256(@libssh\.org)?$/, 'not post-quantum, of which 3.3 warns; ssh2 has nothing else'],
]

/** Its warnings and failures that are not accepted; all of them are in the message when there are none at all. */
async function findings(port: number): Promise<string[]> {
  const { stdout, stderr } = await runProgram('ssh-audit', ['-n', '-b', '-l', 'warn', '-p', String(port), '127.0.0.1'])
  const found = stdout.split('\n').filter(line => /^\((kex|key|enc|mac|cve|sec|gen)\)/.test(line))
  assert.ok(
    found.some(line => /^\(kex\) ecdh-sha2-nistp256 /.test(line)),
    `it has not looked: ${stdout}${stderr}`,
  )
  return found.filter(line => !ACCEPTED.some(([algorithm]) => algorithm.test(line.split(/ +/)[1] ?? '')))
}

/** A dedicated relay's own configuration, on a port of the test, for whoever runs it; bob may give a password. */
async function relaySshd(context: TestContext) {
  const directory = await scratchDirectory(context)
  const [alice, bob] = [await makeKey(directory, 'alice'), await makeKey(directory, 'bob')]
  const fleet = parseFleet('fleet.toml', dedicatedFleetText({ alice: alice.publicKey, bob: bob.publicKey }))
  const paths = relayPaths(directory)
  await mkdir(dirname(paths.hostKey), { recursive: true })
  const [relay] = fleet.relays
  assert.ok(relay)
  const config = renderRelaySshdConfig(fleet, relay, paths, (await askSshd()).features)
    .split('\n')
    .filter(line => /^(KexAlgorithms|Ciphers|MACs|HostKeyAlgorithms|Compression) /.test(line))
  assert.is(config.length, 5)
  const keys = join(directory, 'authorized_keys')
  await writeFile(keys, `restrict,command="echo let in" ${alice.publicKey}\n`)
  const sshd = await startSshd({ directory: join(directory, 'sshd'), authorizedKeys: [keys], config })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  return { sshd, alice, directory }
}

const HAS_IT = (await runProgram('sh', ['-c', 'command -v ssh-audit'])).code === 0
const audited = HAS_IT ? test : (title: string) => test.skip(title, 'needs ssh-audit')

audited(
  'finds nothing but nistp256 at the console bridge',
  async context => {
    assert.match((await runProgram('ssh-audit', ['-n', '--help'])).stdout, RELEASES)
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: '/dev/not-plugged-in' }])
    await startBridge(context, files)
    assert.equal(await findings(files.port), [])
  },
  LIMIT,
)

audited(
  'finds nothing but nistp256 at a dedicated relay, and much at an sshd that is left as it comes',
  async context => {
    const { sshd, directory } = await relaySshd(context)
    assert.equal(await findings(sshd.port), [])
    const stock = await startSshd({ directory: join(directory, 'stock'), authorizedKeys: ['/dev/null'] })
    context.cleanup(() => stock.stop())
    assert.ok((await findings(stock.port)).length >= 5)
  },
  LIMIT,
)

audited(
  'finds nothing but nistp256 at a device’s sshd',
  async context => {
    const directory = await scratchDirectory(context)
    const sshd = await startSshd({ directory, authorizedKeys: ['/dev/null'], config: [`Include ${DROP_IN}`] })
    context.cleanup(() => sshd.stop())
    assert.equal(await findings(sshd.port), [])
  },
  LIMIT,
)

test(
  'PuTTY, dropbear, OpenSSH and our own client log in at a dedicated relay',
  async context => {
    const { sshd, alice } = await relaySshd(context)
    const { port, user } = sshd
    const fingerprint = (await runProgram('ssh-keygen', ['-l', '-f', `${sshd.hostKey.path}.pub`])).stdout.split(' ')[1]
    const to = ['-p', String(port), '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no']
    const openssh = ['-F', 'none', ...to, '-o', 'UserKnownHostsFile=/dev/null', '-i', alice.path, `${user}@127.0.0.1`]
    const converted = await runProgram('puttygen', [alice.path, '-O', 'private', '-o', `${alice.path}.ppk`])
    assert.is(converted.code, 0, converted.stderr)
    const dropbear = await runProgram('dropbearconvert', ['openssh', 'dropbear', alice.path, `${alice.path}.db`])
    assert.is(dropbear.code, 0, dropbear.stderr)
    const login = ['-P', String(port), '-hostkey', fingerprint ?? '', '-i', `${alice.path}.ppk`, `${user}@127.0.0.1`]
    const clients: [client: string, args: string[]][] = [
      ['ssh', openssh],
      // The key exchange of an old client, such as Tera Term 4.
      ['ssh', ['-o', 'KexAlgorithms=ecdh-sha2-nistp256', '-o', 'Ciphers=aes128-ctr', ...openssh]],
      ['plink', ['-batch', '-ssh', '-no-antispoof', ...login]],
      ['dbclient', ['-y', '-y', '-p', String(port), '-i', `${alice.path}.db`, `${user}@127.0.0.1`, 'x']],
    ]
    for (const [client, args] of clients) {
      const { stdout, stderr } = await runProgram(client, args)
      assert.is(stdout, 'let in\n', `${client}: ${stderr}`)
    }
    assert.is(await withSsh2(port, user, alice.privateKey), 'let in\n')
  },
  LIMIT,
)

function withSsh2(port: number, username: string, privateKey: string): Promise<string> {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.once('error', reject)
    client.once('ready', () => {
      client.exec('', (err, channel) => {
        if (err) return reject(err)
        let said = ''
        channel.on('data', (bytes: Buffer) => {
          said += bytes
        })
        channel.once('close', () => {
          client.end()
          resolve(said)
        })
      })
    })
    client.connect({ host: '127.0.0.1', port, username, privateKey, algorithms: { compress: ['none'] } })
  })
}

test.run()
