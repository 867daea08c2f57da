/** The peer: autossh as a careful person sets it up, on the same link, to the same relay host. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from '../../../../testbed/run-program.ts'
import type { Host } from '../../../machine/host.ts'
import { PEER_PORT, RELAY_NAMES } from './network.ts'
import { BRIDGE_PORT, LISTENERS, type Provisioned, SHELL_PORT } from './provision.ts'

/** Tuned: gives up after 45 s without an answer, ends when a listener is not given, and never gives up at the start. */
export async function startPeer(device: Host, root: string, { peer }: Provisioned): Promise<Program> {
  const config = join(root, 'peer_ssh_config')
  const forward = (at: number, to: number) => `RemoteForward 127.0.0.1:${LISTENERS.peer + at} 127.0.0.1:${to}`
  const lines = [
    ...['Host *', `Port ${PEER_PORT}`, 'User root', `IdentityFile ${peer.key}`, 'IdentitiesOnly yes', 'BatchMode yes'],
    ...[`UserKnownHostsFile ${peer.knownHosts}`, `HostKeyAlias ${RELAY_NAMES[0]}`, 'ExitOnForwardFailure yes'],
    ...['ServerAliveInterval 15', 'ServerAliveCountMax 3', 'ConnectTimeout 15'],
    ...[forward(0, SHELL_PORT), forward(1, BRIDGE_PORT)],
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  return device.start('autossh', ['-M', '0', '-F', config, '-N', RELAY_NAMES[0]], { env: { AUTOSSH_GATETIME: '0' } })
}
