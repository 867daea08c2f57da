/** Somebody on a console, through a real relay, of a device with two uplinks. */
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bridgeFiles, openTerminal, startBridge, statusWhere } from '../../console-bridge/testing/bridge-fixture.ts'
import { RELAY, twoCables } from '../../supervisor/testing/two-cables.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const MAIN = join(import.meta.dirname, '../../relay-config/main.ts')

/** Alice at the console of a device with two cables, by `oobm-relay connect` through the relay. */
export async function aliceAtConsole(context: TestContext) {
  const cables = await twoCables(context)
  const { field, hosts } = cables
  const target = await ptyTarget(context, await scratchDirectory(context))
  const consoles = [{ name: 'core-sw1', path: target.path }]
  const files = await bridgeFiles(context, consoles)
  await startBridge(context, files, ['ip', 'netns', 'exec', hosts.device])
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const listener = field.listenerPort + 1
  const { publicKey } = files.keys.alice
  await appendFile(field.authorizedKeys, `restrict,port-forwarding,permitopen="127.0.0.1:${listener}" ${publicKey}\n`)
  const device = await field.supervisor('a', {
    config: {
      ...{ consoles, technicians: [{ name: 'alice', keys: [publicKey] }] },
      bridge: { port: files.port, hostKey: files.hostKey.publicKey },
      // The pings are those of the product.
      intervals: { probeS: 20, selftestS: 60, timeoutS: 20, backoffMinS: 0.2, backoffMaxS: 1, stableS: 1 },
    },
    env: { OOBM_CONSOLE_RUNTIME_DIRECTORY: files.env.RUNTIME_DIRECTORY },
  })
  await device.becomes('ready', /./, 60_000)
  await waitFor(
    'a proof of the other uplink',
    async () => (await device.status())?.uplinks?.find(({ name }) => name === 'up2')?.provedAt,
    { timeoutMs: 60_000 },
  )
  const known = join(files.directory, 'relay_hosts')
  await writeFile(
    known,
    `[${RELAY}]:${field.relay.port} ${field.relay.hostKey.publicKey}\ncore-sw1 ${files.hostKey.publicKey}\n`,
  )
  const common = [
    ...[`IdentityFile ${files.directory}/alice`, 'IdentitiesOnly yes', `UserKnownHostsFile ${known}`],
    ...['BatchMode yes', 'LogLevel ERROR'],
  ]
  const hosted = (name: string, ...settings: string[]) =>
    `Host ${name}\n${[...settings, ...common].map(setting => `  ${setting}\n`).join('')}`
  const config = join(files.directory, 'ssh_config')
  await writeFile(
    config,
    hosted('relay', `HostName ${RELAY}`, `Port ${field.relay.port}`, `User ${field.relay.user}`) +
      hosted(
        'core-sw1',
        'HostName 127.0.0.1',
        `Port ${listener}`,
        'HostKeyAlias core-sw1',
        'User core-sw1',
        'ProxyJump relay',
      ),
  )
  const under = ['netns', 'exec', hosts.relay]
  const alice = openTerminal(context, 'ip', [
    ...[...under, process.execPath, '--import', 'tsx', MAIN, 'connect', 'core-sw1', '--ssh-config', config],
  ])
  await alice.says(/for help\]/, 60_000)
  /** An exec command at the console, once somebody can get in. */
  const run = (...command: string[]) =>
    runProgram('ip', [...under, 'ssh', '-F', config, 'core-sw1', ...command], { timeoutMs: 30_000 })
  return { ...cables, alice, target, device, run }
}
