/** A device of the story: a host of its own with the real daemons, provisioned with the file that the operator issued. */
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from '../../../testbed/run-program.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { startThrowawayHost, type ThrowawayHost } from '../throwaway-host.ts'
import { layWire } from '../wires.ts'

const FILES = join(import.meta.dirname, '../../../packaging/device/files')

export interface StoryDevice {
  host: ThrowawayHost
  /** Waits until `oobm status` begins with this state. */
  becomes(state: string): Promise<void>
}

/** The accounts that its package makes; that all technicians come from 127.0.0.1 (OpenSSH 9.8 has penalties); and the secrets as systemd hands them to its units. */
const SET_UP = `
cp -R /root/fleet/files/usr/lib/. /usr/lib/
/usr/lib/oobm/create-accounts >/dev/null 2>&1
cp /root/fleet/files/etc/ssh/sshd_config.d/* /etc/ssh/sshd_config.d/
if /usr/sbin/sshd -T 2>/dev/null | grep -q '^persourcepenalties'; then
  echo 'PerSourcePenaltyExemptList 127.0.0.0/8' >/etc/ssh/sshd_config.d/60-penalties.conf
fi
node /root/fleet/build/lib/oobm.cjs import /root/fleet/oobm.toml
node /root/fleet/build/lib/oobm.cjs people
mkdir -p /run/credentials /run/oobm /run/oobm-console /var/lib/oobm /var/lib/oobm-console
cp /etc/oobm/secrets/relay/key /run/credentials/relay_key
cp /etc/oobm/secrets/bridge/host_key /run/credentials/bridge_host_key
/usr/sbin/sshd -o UsePAM=no -o PidFile=none`

/**
 * @param build the folder of the bundled programs
 * @param issued the device's oobm.toml
 * @param number its place in the network
 */
export async function startStoryDevice(
  context: TestContext,
  { build, issued, relay, number }: { build: string; issued: string; relay: ThrowawayHost; number: number },
): Promise<StoryDevice> {
  const host = await startThrowawayHost(context, { bare: true })
  await layWire(relay.pid, host.pid, number)
  await cp(build, join(host.shared, 'build'), { recursive: true })
  await cp(FILES, join(host.shared, 'files'), { recursive: true })
  await cp(issued, join(host.shared, 'oobm.toml'))
  await host.sh(SET_UP)
  const start = (program: string, directory: string): Program => {
    const env = { CREDENTIALS_DIRECTORY: '/run/credentials', RUNTIME_DIRECTORY: `/run/${directory}` }
    const started = host.start('node', [`/root/fleet/build/lib/${program}.cjs`], { env })
    context.cleanup(() => started.stop())
    context.onFailure(() => started.output().slice(-2_000))
    return started
  }
  const bridge = start('lab-console', 'oobm-console')
  const supervisor = start('oobm-supervisor', 'oobm')
  return {
    host,
    becomes: async state => {
      const said = async () => {
        if (bridge.ended() || supervisor.ended()) throw new Error(bridge.output() + supervisor.output())
        const { stdout } = await host.run('cat', ['/run/oobm/status.json'])
        return new RegExp(`"state": ?"${state}"`).test(stdout)
      }
      await waitFor(`${state} of ${await readName(issued)}`, said, { timeoutMs: 60_000 })
    },
  }
}

const readName = async (issued: string) => /^device = .*/m.exec(await readFile(issued, 'utf8'))?.[0] ?? ''
