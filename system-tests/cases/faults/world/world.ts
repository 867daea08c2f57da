/** A whole world, from nothing to running programs, with everything that a row may take hold of. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type PtyTarget, ptyTarget } from '../../../../testbed/pty-target.ts'
import type { Program } from '../../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import type { Undo } from '../../../disposal.ts'
import { type Device, type DeviceOptions, startDevice } from './device.ts'
import { type Names, startNames, writeResolvConf } from './names.ts'
import { ADDRESS, type Network, startNetwork } from './network.ts'
import { startPeer } from './peer.ts'
import { type Provisioned, type ProvisionOptions, provision } from './provision.ts'
import { type Relay, startRelay } from './relay.ts'

export interface WorldOptions extends Partial<Omit<ProvisionOptions, 'equipment'>>, DeviceOptions {
  /** Cables of the device. */
  uplinks?: 1 | 2
  /** Whether the relays take SSH within TLS, too. */
  tls?: boolean
  /** Whether autossh runs on the same device. */
  peer?: boolean
  /** Done before anything of the device starts. */
  beforeDevice?: (world: Omit<World, 'device'>) => Promise<void>
}

export interface World extends Undo {
  readonly root: string
  readonly network: Network
  readonly names: Names
  readonly relays: Relay[]
  readonly device: Device
  readonly provisioned: Provisioned
  readonly equipment: PtyTarget
  readonly peer: Program | undefined
}

export async function startWorld(undo: Undo, options: WorldOptions = {}): Promise<World> {
  const root = await scratchDirectory(undo)
  await writeResolvConf(root)
  await mkdir(join(root, 'equipment'))
  const equipment = await ptyTarget(undo, join(root, 'equipment'))
  const provisioned = await provision(root, { ...options, relays: options.relays ?? 1, equipment: equipment.path })
  const network = await startNetwork(undo, root, options.uplinks)
  const names = await startNames(network.router, root)
  await network.relays[0].sh(`ip address add ${ADDRESS.relayMoved}/24 dev eth0`)
  const addresses = [[ADDRESS.relays[0], ADDRESS.relayMoved, ADDRESS.relay6], [ADDRESS.relays[1]]]
  const relays = await Promise.all(
    provisioned.relaySshd.map((sshd, at) =>
      startRelay(undo, network.relays[at as 0 | 1], sshd, {
        addresses: addresses[at] ?? [],
        haproxy: options.tls ? provisioned.haproxy[at] : undefined,
      }),
    ),
  )
  const before = { ...{ root, network, names, relays, provisioned, equipment }, peer: undefined, cleanup: undo.cleanup }
  await options.beforeDevice?.(before)
  const device = await startDevice(undo, network.device, provisioned, options)
  const peer = options.peer ? await startPeer(network.device, root, provisioned) : undefined
  return { ...before, device, peer }
}

/** What everyone said, for a row that fails. */
export function logsOf({ relays, device, peer }: World): string {
  return [
    ...relays.map((relay, at) => `--- relay ${at + 1}\n${relay.log()}`),
    `--- supervisor\n${device.supervisor.log()}`,
    `--- bridge\n${device.bridge.log()}`,
    `--- the device's sshd\n${device.sshdLog()}`,
    ...(peer ? [`--- autossh\n${peer.output()}`] : []),
  ].join('\n')
}
