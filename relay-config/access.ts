/** Who may reach what: the fleet's lists, resolved. */
import type { Device, Fleet, Relay, Technician } from './fleet-config.ts'

/** What one technician may reach on one device; only where it is anything. */
export interface Access {
  device: Device
  consoles: Device['consoles']
  shell: boolean
}

export function accessOf(fleet: Fleet, { consoles, shells }: Technician): Access[] {
  return fleet.devices
    .map(device => ({
      device,
      consoles: device.consoles.filter(({ name }) => consoles === 'all' || consoles.includes(name)),
      shell: shells === 'all' || shells.includes(device.name),
    }))
    .filter(access => access.shell || access.consoles.length > 0)
}

/** A device's relays in its order of preference. */
export function relaysOf(fleet: Fleet, { relays }: Device): Relay[] {
  if (relays === undefined) return fleet.relays
  return relays.flatMap(name => fleet.relays.find(relay => relay.name === name) ?? [])
}

/** A device's listeners on its relays' 127.0.0.1. */
export function listenersOf({ port }: Device): { shell: number; console: number } {
  return { shell: port, console: port + 1 }
}
