/** Way 3: each shell and each console of a device with ports of its own, at each of its relays that open them; pure. */
import { listenersOf } from '../../../formats/listeners.ts'
import { accessOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Technician } from '../fleet-config.ts'
import { isGateway } from './authorized-keys.ts'
import type { DeviceHostKeys } from './known-hosts.ts'

export interface DirectTarget {
  /** Of the console, or of the device for its shell. */
  name: string
  isShell: boolean
  relay: string
  host: string
  port: number
  user: string
  hostKey: string
}

/** @param keysOf the host keys of a device of this fleet */
export function directTargets(
  fleet: Fleet,
  technician: Technician,
  keysOf: (device: Device) => DeviceHostKeys,
): DirectTarget[] {
  return accessOf(fleet, technician).flatMap(({ device, consoles, shell }) => {
    const ports = listenersOf(device.port)
    return relaysOf(fleet, device)
      .filter(relay => isGateway(relay, device))
      .flatMap(({ name: relay, host }): DirectTarget[] => {
        const keys = keysOf(device)
        const own = { name: device.name, port: ports.shell, user: device.shellUser ?? technician.name }
        return [
          ...(shell ? [{ ...own, isShell: true, relay, host, hostKey: keys.shell }] : []),
          ...consoles.map(({ name }) => {
            return { name, isShell: false, relay, host, port: ports.console, user: name, hostKey: keys.bridge }
          }),
        ]
      })
  })
}
