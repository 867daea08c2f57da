import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { openTerminal } from '../console-bridge/testing/bridge-fixture.ts'
import { bridgeOnPty } from '../console-bridge/testing/bridge-on-pty.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('oobm-relay connect')
const MAIN = join(import.meta.dirname, '../relay-config/main.ts')

test('connects again after a lost connection, and shows what was said meanwhile', async context => {
  const { target, files, attach } = await bridgeOnPty(context)
  const config = join(files.directory, 'ssh_config')
  const settings = [
    // What the network is: it can be stopped and killed.
    `ProxyCommand socat - TCP:127.0.0.1:${files.port}`,
    ...['HostName 127.0.0.1', `Port ${files.port}`, 'User core-sw1', `IdentityFile ${files.directory}/alice`],
    ...[`IdentitiesOnly yes`, `UserKnownHostsFile ${files.directory}/hosts`, 'BatchMode yes'],
  ]
  await writeFile(config, `Host core-sw1\n${settings.map(setting => `  ${setting}\n`).join('')}`)
  const alice = openTerminal(context, process.execPath, [
    ...['--import', 'tsx', MAIN, 'connect', 'core-sw1', '--ssh-config', config],
  ])
  await alice.says(/for help\]/)
  const bob = await attach('bob')
  const network = Number((await runProgram('pgrep', ['-f', `^socat - TCP:127.0.0.1:${files.port}$`])).stdout)
  assert.ok(network > 1)
  target.says('before\r\n')
  await alice.says(/before/)
  process.kill(network, 'SIGSTOP')
  target.says('said meanwhile\r\n')
  await bob.says(/said meanwhile/)
  process.kill(network, 'SIGKILL')
  await bob.says(/the keyboard is kept for alice/)
  await alice.says(/the connection was lost; connecting again/)
  await alice.says(/your connection was lost at .*said meanwhile/s)
  alice.types('\x1dd')
  await waitFor('the end', async () => alice.child.exitCode !== null)
  assert.is(alice.child.exitCode, 0)
})

test.run()
