import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePortPair } from '../../../testbed/free-port.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { startFleetRelay } from '../../testing/fleet-relay.ts'
import { IGNORE_UNKNOWN } from './client-settings.ts'
import { renderKnownHosts } from './known-hosts.ts'
import { relayBlock, renderHostBlock, renderSshConfig } from './ssh-config.ts'

const test = suite('technician’s ssh_config')

test(
  'reaches a shell by its name through the relay, with -F and included, and accepts no other host key',
  async context => {
    const directory = await scratchDirectory(context)
    const port = await freePortPair()
    const user = (await runProgram('id', ['-un'])).stdout.trim()
    const relay = await startFleetRelay({
      directory,
      devices: { tokyo: port },
      rest: `shell_user = "${user}"\n[[technicians]]\nname = "alice"\nkeys = ["KEY_OF_alice"]\nconsoles = "all"\nshells = ["tokyo"]`,
    })
    context.cleanup(() => relay.sshd.stop())
    context.onFailure(relay.sshd.log)
    await writeFile(join(directory, 'alice.pub'), relay.key('alice').publicKey)
    const device = await startSshd({
      directory: join(directory, 'device'),
      authorizedKeys: [join(directory, 'alice.pub')],
    })
    context.cleanup(() => device.stop())
    const tunnel = relay.startSsh('tokyo', ['-v', '-N', '-R', `127.0.0.1:${port}:127.0.0.1:${device.port}`])
    context.cleanup(() => tunnel.stop())
    await tunnel.says(/remote forward success/)

    // A folder whose name wants care. The configuration itself cannot be in one: ssh passes -F on to the jump unquoted.
    const folder = join(directory, 'al ice 100%')
    await mkdir(folder)
    const [alice] = relay.fleet.technicians
    const [lab] = relay.fleet.relays
    assert.ok(alice && lab)
    const files = { knownHostsFile: join(folder, 'known_hosts'), identityFile: relay.key('alice').path }
    const config = join(directory, 'config')
    const other = await makeKey(directory, 'other')
    await writeFile(config, renderSshConfig(relay.fleet, alice, files))
    const knownHosts = (shell: string) =>
      writeFile(
        files.knownHostsFile,
        renderKnownHosts(relay.fleet, alice, () => ({ shell, bridge: shell })),
      )

    await knownHosts(device.hostKey.publicKey)
    const direct = await runProgram('ssh', ['-F', config, '-o', 'BatchMode=yes', 'tokyo', 'echo here'])
    assert.equal([direct.code, direct.stdout], [0, 'here\n'], direct.stderr)

    // ssh looks for its configuration in the home of the password database: -F replaces that.
    const own = join(directory, 'own-config')
    const blocks = renderHostBlock({ ...relayBlock(lab, files, lab.user), aliases: ['relay'] })
    await writeFile(own, `Include ${config}\nHost *\n  StrictHostKeyChecking no\n${blocks}`)
    const included = await runProgram('ssh', ['-F', own, '-o', 'BatchMode=yes', 'tokyo', 'echo here'])
    assert.equal([included.code, included.stdout], [0, 'here\n'], included.stderr)
    const alias = await runProgram('ssh', ['-F', own, '-o', 'BatchMode=yes', 'relay'])
    assert.match(alias.stdout, /^This key opens consoles/, 'an alias host made with the same code')

    await knownHosts(other.publicKey)
    const imposter = await runProgram('ssh', ['-F', own, '-o', 'BatchMode=yes', 'tokyo', 'echo here'])
    assert.is(imposter.code, 255)
    assert.match(imposter.stderr, /Host key verification failed/)
  },
  { timeoutMs: 90_000 },
)

test('a console’s bytes go by the cipher that costs a board the least, and others by what the client prefers', async context => {
  const config = join(await scratchDirectory(context), 'config')
  const block = { hostName: '127.0.0.1', port: 22, user: 'u', knownHostsFile: '/k' }
  const kinds = ['console', 'shell', 'relay'] as const
  const blocks = kinds.map(kind => renderHostBlock({ ...block, aliases: [kind], hostKeyAlias: kind, kind }))
  await writeFile(config, `${IGNORE_UNKNOWN}\n${blocks.join('\n')}\nHost *\n  Ciphers aes128-cbc\n`)
  const ciphersOf = async (host: string) => {
    const { code, stdout, stderr } = await runProgram('ssh', ['-G', '-F', config, host])
    assert.is(code, 0, stderr)
    return /^ciphers (.*)$/m.exec(stdout)?.[1]?.split(',') ?? []
  }
  const [defaults] = (await runProgram('ssh', ['-G', '-F', 'none', 'any'])).stdout.match(/^ciphers (.*)$/m) ?? []
  assert.is((await ciphersOf('console'))[0], 'aes128-gcm@openssh.com')
  for (const kind of ['shell', 'relay']) assert.is(`ciphers ${(await ciphersOf(kind)).join(',')}`, defaults)
})

test.run()
