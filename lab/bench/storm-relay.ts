/** Starts the relay of a storm: a dedicated one, made by `oobm-relay apply` on a host of its own. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { keyPath } from '../../relay-config/fleet/key-files.ts'
import { SSHD_ENVIRONMENT } from '../../relay-config/relay/dedicated/unit.ts'
import { relayPaths } from '../../relay-config/relay/relay-paths.ts'
import { startThrowawayHost, type ThrowawayHost } from '../../relay-config/testing/throwaway-host.ts'
import { descendantsOf } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export const RELAY = { host: '127.0.0.1', port: 443, user: 'oobm-device' } as const

export interface StormRelay {
  hostKey: string
  /** Command that runs a program of this machine in its network. */
  inside: string[]
  start(): Promise<void>
  /** Kills its sshd and every session at once, like a crash of the host. */
  crash(): Promise<void>
  /** The host that it is. */
  host: ThrowawayHost
  /** Its fleet file. */
  fleetText: string
  /** Process ids of sshd and its sessions, as this machine numbers them. */
  processes(): Promise<number[]>
  /** Connections that sshd refused because too many were logging in, since the last start. */
  droppedByMaxStartups(): Promise<number>
  /** The `MaxStartups` line of its sshd_config. */
  maxStartups: string
}

export interface StormKey {
  name: string
  listenerPort: number
  publicKey: string
}

export async function startStormRelay(context: TestContext, devices: readonly StormKey[]): Promise<StormRelay> {
  const host = await startThrowawayHost(context)
  const { sshdConfig } = relayPaths()
  const fleet = [
    `version = 1\n[[relays]]\nname = "storm"\nhost = "${RELAY.host}"\naccounts = "dedicated"\nport = ${RELAY.port}`,
    ...devices.map(({ name, listenerPort }) => `[[devices]]\nname = "${name}"\nport = ${listenerPort}`),
  ]
  const fleetText = fleet.join('\n')
  await writeFile(join(host.shared, 'fleet.toml'), fleetText)
  for (const { name, publicKey } of devices) {
    for (const key of ['relayKey', 'bridgeHostKey'] as const) {
      const path = `${keyPath(join(host.shared, 'secrets'), name, key)}.pub`
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, `${publicKey}\n`)
    }
  }
  await host.sh('oobm-relay apply --no-systemd --fleet /root/fleet/fleet.toml; pkill -x sshd')
  const logged = async (pattern: string) => Number(await host.sh(`grep -c '${pattern}' /run/sshd.log || true`))
  const start = async () => {
    await host.sh(`rm -f /run/sshd.log; ${SSHD_ENVIRONMENT} /usr/sbin/sshd -f ${sshdConfig} -E /run/sshd.log`)
    await waitFor('the relay', async () => (await logged('Server listening')) > 0)
  }
  return {
    ...{ host, fleetText },
    hostKey: (await host.sh(`cut -d' ' -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub`)).trim(),
    inside: ['nsenter', '--target', String(host.pid), '--net'],
    start,
    crash: async () => {
      await host.sh('pkill -KILL -x sshd')
    },
    processes: async () => descendantsOf(host.pid),
    droppedByMaxStartups: () => logged('past MaxStartups'),
    maxStartups: (await host.sh(`grep ^MaxStartups ${sshdConfig}`)).trim(),
  }
}
