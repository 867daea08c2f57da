/** A fleet with one dedicated relay, for a throwaway host. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import type { Finished, Program } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { dedicatedFleetText } from './dedicated-fleet-text.ts'
import { BASE_ROOT, type ThrowawayHost } from './throwaway-host.ts'

const ADDRESS = '192.0.2.1'
export const PORT = 443

export interface DedicatedFleet {
  alice: KeyPair
  bob: KeyPair
  /** Replaces the fleet file. */
  write(change?: (text: string) => string): Promise<void>
  /** The private relay key of a device, as a path on this machine. */
  deviceKey(name: string): string
  /** Runs `oobm-relay COMMAND --no-systemd …` on the fleet file, which must succeed; returns its output. */
  relay(command: string, ...args: string[]): Promise<string>
  tryRelay(command: string, ...args: string[]): Promise<Finished>
}

export async function dedicatedFleet(host: ThrowawayHost): Promise<DedicatedFleet> {
  const alice = await makeKey(host.shared, 'alice')
  const bob = await makeKey(host.shared, 'bob')
  const settings = `host = "${ADDRESS}"\nport = ${PORT}\nfirewall = true`
  const text = dedicatedFleetText({ alice: alice.publicKey, bob: bob.publicKey }, settings)
  const tryRelay = (command: string, ...args: string[]) =>
    host.oobmRelay(command, '--fleet', '/root/fleet/fleet.toml', ...args)
  const write = (change = (same: string) => same) => writeFile(join(host.shared, 'fleet.toml'), change(text))
  await write()
  const keys = await tryRelay('keys', '--all')
  assert.is(keys.code, 0, keys.stderr)
  return {
    alice,
    bob,
    write,
    deviceKey: name => join(host.shared, 'secrets', name, 'relay_key'),
    tryRelay,
    relay: async (command, ...args) => {
      const { code, stdout, stderr } = await tryRelay(command, '--no-systemd', ...args)
      assert.is(code, 0, `${command}: ${stdout}${stderr}`)
      return stdout
    },
  }
}

/** A device's connection that stays open and listens on the device's port. */
export async function holdTunnel(context: TestContext, host: ThrowawayHost, fleet: DedicatedFleet): Promise<Program> {
  // The host's own client, on its own loopback: other tests include the network.
  const program = host.start('ssh', [
    ...['-F', 'none', '-N', '-v', '-i', inHost(host, fleet.deviceKey('osaka')), '-p', String(PORT)],
    ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'ExitOnForwardFailure=yes', '-R', '127.0.0.1:20102:127.0.0.1:9', 'oobm-device@127.0.0.1'],
  ])
  context.cleanup(() => program.stop())
  await program.says(/remote forward success/)
  return program
}

const inHost = ({ shared }: ThrowawayHost, path: string) => path.replace(shared, '/root/fleet')

/** Whether the relay's sshd accepts a device, and oobm-device-command answers. */
export async function letsIn(host: ThrowawayHost, fleet: DedicatedFleet): Promise<boolean> {
  const { stderr } = await host.run('ssh', [
    ...['-F', 'none', '-T', '-i', inHost(host, fleet.deviceKey('tokyo')), '-p', String(PORT)],
    ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['oobm-device@127.0.0.1', 'nothing'],
  ])
  return /tokyo: the commands are/.test(stderr)
}

/** The accounts that are marked as ours. */
export const markedAccounts = async (host: ThrowawayHost) =>
  (await host.sh('getent passwd | grep :oobm-relay: || true')).split('\n').flatMap(line => line.split(':')[0] || [])

/** The overlay has only the program itself, and account files with the same text as this machine's. */
export async function assertNoTrace(host: ThrowawayHost): Promise<void> {
  const accountFiles = /^\.\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-?$/
  const installed = /^\.\/usr\/(lib\/oobm\/|bin\/oobm-relay$)|^\.\/etc\/\.pwd\.lock$/
  const differences = (await host.differences()).filter(path => !installed.test(path))
  assert.equal(
    differences.filter(path => !accountFiles.test(path)),
    [],
  )
  for (const path of differences) {
    const name = path.replace(/^\./, '').replace(/-$/, '')
    assert.is(await host.sh(`cat '${path.replace(/^\./, '')}'`), readFileSync(join(BASE_ROOT, name), 'utf8'), path)
  }
  assert.is(await host.sh('nft list tables; sysctl -n net.ipv4.conf.all.route_localnet'), '0\n')
  assert.is(await host.sh('ls -d /etc/oobm /var/lib/oobm /run/oobm* 2>/dev/null || true'), '')
  assert.not.match(await host.sh('ps ax'), /sshd: /)
}
