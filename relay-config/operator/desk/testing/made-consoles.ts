/** A technician's folder with consoles at a real sshd, in place of a relay and devices: each runs what a test wants. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKey } from '../../../../testbed/make-key.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import { startSshd } from '../../../../testbed/sshd.ts'
import type { TestContext } from '../../../../testbed/suite.ts'

/** What runs at each console, by name; it has a terminal of its own, so that Ctrl-C ends it. */
export async function madeConsoles(context: TestContext, commands: Readonly<Record<string, string>>): Promise<string> {
  const folder = await scratchDirectory(context)
  await mkdir(join(folder, 'commands'))
  const keys = await Promise.all(
    Object.entries(commands).map(async ([name, command]) => {
      const script = join(folder, 'commands', name)
      await writeFile(script, `${command}\n`)
      return { name, script, key: await makeKey(folder, name) }
    }),
  )
  const relay = await makeKey(folder, 'relay')
  const authorized = join(folder, 'authorized_keys')
  const lines = keys.map(({ script, key }) => `restrict,pty,command="exec sh ${script}" ${key.publicKey}`)
  await writeFile(authorized, [...lines, `restrict,port-forwarding ${relay.publicKey}`, ''].join('\n'))
  const sshd = await startSshd({ directory: join(folder, 'sshd'), authorizedKeys: [authorized] })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  const hosts = join(folder, 'known_hosts')
  await writeFile(hosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey.publicKey}\n`)
  const block = (name: string, key: string, ...more: string[]) =>
    [
      `Host ${name}`,
      '  HostName 127.0.0.1',
      `  Port ${sshd.port}`,
      `  User ${sshd.user}`,
      `  IdentityFile ${key}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${hosts}`,
      ...more.map(line => `  ${line}`),
    ].join('\n')
  const config = join(folder, 'config')
  const consoles = keys.map(({ name, key }) => block(name, key.path, 'ProxyJump oobm-relay-lon'))
  await writeFile(config, ["# alice's consoles", block('oobm-relay-lon', relay.path), ...consoles, ''].join('\n'))
  return config
}
