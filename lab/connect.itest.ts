import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type BridgeFiles, openTerminal, sshArgs, startBridge } from '../console-bridge/testing/bridge-fixture.ts'
import { bridgeOnPty } from '../console-bridge/testing/bridge-on-pty.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('oobm-relay connect')

/** Alice with `oobm-relay connect`, by way of a process that can be stopped and killed. */
async function connected(context: TestContext, files: BridgeFiles) {
  const config = join(files.directory, 'ssh_config')
  const settings = [
    `ProxyCommand socat - TCP:127.0.0.1:${files.port}`,
    ...['HostName 127.0.0.1', `Port ${files.port}`, 'User core-sw1', `IdentityFile ${files.directory}/alice`],
    ...[`IdentitiesOnly yes`, `UserKnownHostsFile ${files.directory}/hosts`, 'BatchMode yes'],
  ]
  await writeFile(config, `Host core-sw1\n${settings.map(setting => `  ${setting}\n`).join('')}`)
  const alice = openTerminal(context, process.execPath, [
    ...[...programArgs('relay-config/main.ts'), 'connect', 'core-sw1', '--ssh-config', config],
  ])
  await alice.says(/for help\]/)
  return alice
}

test('connects again after a lost connection, and shows what was said meanwhile', async context => {
  const { target, files, attach } = await bridgeOnPty(context)
  const alice = await connected(context, files)
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

test('connects again when the bridge is restarted, and has the keyboard', async context => {
  const { target, files, bridge } = await bridgeOnPty(context)
  const alice = await connected(context, files)
  alice.types('typed')
  await target.hears(/typed$/)
  await bridge.stop(10_000)
  await alice.says(
    /the console bridge is stopping; connect again in a moment.*the connection was lost; connecting again/s,
  )
  const second = await startBridge(context, files)
  const again = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
  await again.says(/alice types, you watch|the keyboard is kept for alice/)
  await alice.says(/the console bridge was restarted after .* UTC; what the target said meanwhile is missing/)
  await again.says(/alice types, you watch|alice is back/)
  alice.types(' again')
  await target.hears(/ again$/)
  assert.match(alice.output(), /you are alice, operator: you type\].*you are alice, operator: you type\]/s)

  // Killed without a word: what it had remembered counts.
  second.child.kill('SIGKILL')
  await alice.says(/connecting again.*connecting again/s)
  await startBridge(context, files)
  await alice.says(/restarted after.*restarted after/s)
  alice.types('\x1dd')
  await waitFor('the end', async () => alice.child.exitCode !== null)
  assert.is(alice.child.exitCode, 0)
})

test('other clients get the exit code of a stopped bridge', async context => {
  const { bridge, terminal } = await bridgeOnPty(context)
  const alice = terminal('alice')
  await alice.says(/for help\]/)
  await bridge.stop(10_000)
  await waitFor('the end', async () => alice.child.exitCode !== null)
  assert.is(alice.child.exitCode, 69)
})

test.run()
