/** Two real relays on one machine, each with a loopback of its own, a device that is at either, and alice with her rendered folder. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, freePortPair } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import {
  type Finished,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { parseFleet } from '../fleet/fleet-config.ts'
import { renderAuthorizedKeys } from '../fleet/render/authorized-keys.ts'
import { renderKnownHosts } from '../fleet/render/known-hosts.ts'
import { renderSshConfig } from '../fleet/render/ssh-config.ts'
import { SSHD_SETTINGS } from '../fleet/render/sshd-config.ts'
import { bundleTo } from './throwaway-host.ts'

export interface LabRelay {
  name: string
  sshd: Sshd
  /** Arguments of ssh that log in there as `oobm` does, without the key. */
  login: string[]
  /** What a program is started under to be on its loopback. */
  inside: string[]
  /** Starts a program there. */
  start(command: string, args: string[]): Program
}

export interface TwoRelays {
  directory: string
  relays: Record<'a' | 'b', LabRelay>
  /** The listener of the device's shell at a relay. */
  port: number
  device: Sshd
  alice: KeyPair
  /** Puts the device to a relay; the program is its tunnel. */
  connect(relay: LabRelay): Promise<Program>
  /** Alice's own ~/.ssh/config: these lines, then the Include. */
  writeConfig(lines: readonly string[], identity?: string): Promise<void>
  /** Runs ssh as alice; `oobm-relay` is installed unless said otherwise. */
  ssh(args: string[], options?: ProgramOptions & { isInstalled?: boolean }): Promise<Finished>
  /** What `oobm-relay proxy` says, which finds no device at these. */
  proxy(relayHosts: string[]): Promise<string>
  /** Waits until no process of a search is left: none may outlive alice's ssh. */
  noneLeft(): Promise<void>
  /** What `ssh` needs to be started otherwise. */
  sshArgs: string[]
  env: NodeJS.ProcessEnv
}

export async function startTwoRelays(context: TestContext): Promise<TwoRelays> {
  const directory = await scratchDirectory(context)
  const path = (...parts: string[]) => join(directory, ...parts)
  const alice = await makeKey(directory, 'alice')
  const deviceKey = await makeKey(directory, 'device-key')
  const port = await freePortPair()
  const authorizedKeys = path('authorized_keys')
  await writeFile(authorizedKeys, '')
  const a = await startRelay(context, 'a', directory, authorizedKeys)
  const b = await startRelay(context, 'b', directory, authorizedKeys)
  const fleet = parseFleet(
    'fleet.toml',
    [
      'version = 1',
      ...[a, b].map(
        ({ name, sshd }) =>
          `[[relays]]\nname = "${name}"\nhost = "127.0.0.1"\nport = ${sshd.port}\nuser = "${sshd.user}"\nhost_keys = ["${sshd.hostKey.publicKey}"]\ndirectory = "${directory}"`,
      ),
      `[[devices]]\nname = "tokyo"\nport = ${port}\nshell_user = "${a.sshd.user}"`,
      `[[technicians]]\nname = "alice"\nkeys = ["${alice.publicKey}"]\nconsoles = []\nshells = "all"`,
    ].join('\n'),
  )
  const [relay] = fleet.relays
  const [person] = fleet.technicians
  if (relay === undefined || person === undefined) throw new Error('the fleet is not read')
  await writeFile(authorizedKeys, renderAuthorizedKeys(fleet, relay, new Map([['tokyo', deviceKey.publicKey]])))
  const device = await startSshd({ directory: path('device'), authorizedKeys: [path('alice.pub')] })
  await writeFile(path('alice.pub'), alice.publicKey)
  context.cleanup(() => device.stop())
  context.onFailure(() => [a.sshd.log(), b.sshd.log(), device.log()].join('\n---\n'))

  const files = { knownHostsFile: path('oobm/known_hosts') }
  await mkdir(path('oobm'))
  await writeFile(path('oobm/config'), renderSshConfig(fleet, person, files))
  const keys = { shell: device.hostKey.publicKey, bridge: device.hostKey.publicKey }
  await writeFile(
    files.knownHostsFile,
    renderKnownHosts(fleet, person, () => keys),
  )
  const bin = path('bin')
  await mkdir(bin)
  await bundleTo(path('oobm-relay.cjs'))
  await writeFile(path('bin/oobm-relay'), `#!/bin/sh\nexec ${process.execPath} ${path('oobm-relay.cjs')} "$@"\n`, {
    mode: 0o755,
  })
  // What ssh reads without -F is in the home of the password database: all ssh here read this file instead.
  await writeFile(path('bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${path('own')} "$@"\n`, { mode: 0o755 })
  const ways = [a, b].map(({ sshd, login }) => `Host *_${sshd.port}\n  ${login[1]}`)
  const writeConfig = (lines: readonly string[], identity = alice.path) =>
    writeFile(
      path('own'),
      `${[...ways, 'Host *', ...lines, `IdentityFile ${identity}`, 'IdentitiesOnly yes', `Include ${path('oobm/config')}`].join('\n')}\n`,
    )
  await writeConfig([])
  const env = { PATH: `${bin}:${process.env.PATH}`, SSH_AUTH_SOCK: '', HOME: directory }
  return {
    ...{ directory, relays: { a, b }, port, device, alice, env, writeConfig },
    sshArgs: ['-F', path('own')],
    connect: async relay => {
      const tunnel = startProgram('ssh', [
        ...['-F', 'none', '-v', '-N', '-i', deviceKey.path, '-o', 'BatchMode=yes', '-o', relay.login[1] ?? ''],
        ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ExitOnForwardFailure=yes'],
        ...['-p', String(relay.sshd.port), '-R', `127.0.0.1:${port}:127.0.0.1:${device.port}`, '127.0.0.1'],
      ])
      context.cleanup(() => tunnel.stop())
      await tunnel.says(/remote forward success/)
      return tunnel
    },
    proxy: async relayHosts => {
      // Its input stays open, as ssh's does.
      const program = startProgram('oobm-relay', ['proxy', `127.0.0.1:${port}`, ...relayHosts], { env })
      await waitFor('the end of the search', program.ended)
      return program.output()
    },
    noneLeft: async () => {
      await waitFor('the searches to end', async () => {
        const { stdout } = await runProgram('pgrep', ['-f', `${path('oobm-relay.cjs')}|-W 127.0.0.1:${port}`])
        return stdout === ''
      })
    },
    ssh: (args, { isInstalled = true, ...options } = {}) =>
      runProgram('/usr/bin/ssh', ['-F', path('own'), ...args], {
        timeoutMs: 60_000,
        ...options,
        env: { ...(isInstalled ? env : { ...env, PATH: process.env.PATH }), ...options.env },
      }),
  }
}

async function startRelay(
  context: TestContext,
  name: string,
  directory: string,
  authorizedKeys: string,
): Promise<LabRelay> {
  const holder = startProgram('unshare', [
    ...['--net', '--fork', '--kill-child', 'sh', '-c', 'ip link set lo up && echo ready && exec sleep infinity'],
  ])
  context.cleanup(() => holder.stop(0))
  await holder.says(/^ready$/m)
  const pid = (await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8')).trim()
  const inside = ['nsenter', '--target', pid, '--net']
  const sshd = await startSshd({
    ...{ directory: join(directory, `relay-${name}`), port: await freePort(), under: inside },
    ...{ authorizedKeys: [authorizedKeys], config: Object.keys(SSHD_SETTINGS) },
  })
  context.cleanup(() => sshd.stop())
  return {
    ...{ name, sshd },
    inside,
    login: ['-o', `ProxyCommand ${inside.join(' ')} socat - TCP:127.0.0.1:${sshd.port}`],
    start: (command, args) => {
      const program = startProgram('nsenter', [...inside.slice(1), command, ...args])
      context.cleanup(() => program.stop(0))
      return program
    },
  }
}
