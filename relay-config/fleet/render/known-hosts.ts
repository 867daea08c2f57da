/** A technician's known_hosts: the keys of the relays, the devices' shells and the console bridges, each under its HostKeyAlias. */
import { listenersOf } from '../../../formats/listeners.ts'
import { accessOf, pinnedKeysOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Technician } from '../fleet-config.ts'
import { relayHost } from '../host-names.ts'

/** The public host keys of one device. */
export interface DeviceHostKeys {
  shell: string
  bridge: string
}

/** @param keysOf the host keys of a device of this fleet */
export function renderKnownHosts(
  fleet: Fleet,
  technician: Technician,
  keysOf: (device: Device) => DeviceHostKeys,
): string {
  const access = accessOf(fleet, technician)
  const relays = new Set(access.flatMap(({ device }) => relaysOf(fleet, device)))
  const lines = [
    ...[...relays].flatMap(relay => pinnedKeysOf(relay).map(key => `${relayHost(relay.name)} ${key}`)),
    ...access.flatMap(({ device, consoles, spares, shell }) => {
      const keys = keysOf(device)
      const ports = listenersOf(device.port)
      // Paramiko and programs built on it do not know HostKeyAlias: they look for the address.
      const at = (port: number) => `[127.0.0.1]:${port}`
      return [
        ...(shell ? [`${device.name},${at(ports.shell)} ${keys.shell}`] : []),
        ...[...consoles.map(({ name }) => name), ...spares].map(name => `${name},${at(ports.console)} ${keys.bridge}`),
      ]
    }),
  ]
  return lines.map(line => `${line}\n`).join('')
}
