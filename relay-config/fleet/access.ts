/** Who may reach what: the lists of the fleet file, resolved. */
import { spareConsoles } from '../../formats/device-config.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Device, Fleet, Relay, Technician } from './fleet-config.ts'

/** What one technician may reach on one device. */
export interface Access {
  device: Device
  consoles: Device['consoles']
  shell: boolean
  /** May become root there, which includes the shell. */
  admin: boolean
  /** The provisional names of the device's spare ports, for those who have its shell. */
  spares: readonly string[]
}

export function accessOf(fleet: Fleet, { consoles, shells, admins }: Technician): Access[] {
  return fleet.devices
    .map(device => {
      const admin = admins === 'all' || admins.includes(device.name)
      const shell = admin || shells === 'all' || shells.includes(device.name)
      return {
        ...{ device, shell, admin },
        consoles: device.consoles.filter(({ name }) => consoles === 'all' || consoles.includes(name)),
        spares: shell ? sparesOf(device) : [],
      }
    })
    .filter(access => access.shell || access.consoles.length > 0)
}

function sparesOf({ name: device, consoles, sparePorts = [] }: Device): string[] {
  return spareConsoles({ device, consoles, sparePorts }).map(({ name }) => name)
}

/** The consoles that this technician may open by a login on a relay (way 2). */
export function loginConsolesOf(
  fleet: Fleet,
  technician: Technician,
): { device: Device; console: Device['consoles'][number] }[] {
  const { login } = technician
  return accessOf(fleet, technician).flatMap(({ device, consoles }) =>
    consoles.filter(({ name }) => login === 'all' || login.includes(name)).map(console => ({ device, console })),
  )
}

/** A technician's login on a relay: the shared one, or their own. */
export function relayLoginOf({ accounts, user }: Relay, { name }: Technician): string {
  return accounts === 'dedicated' ? name : user
}

/**
 * The keys that devices and technicians pin.
 * @throws UserError for a dedicated relay that has not been applied yet
 */
export function pinnedKeysOf({ name, hostKeys }: Relay): [string, ...string[]] {
  const [first, ...more] = hostKeys
  if (first !== undefined) return [first, ...more]
  const advice = `"oobm-relay push" makes its key and prints it: put it into host_keys`
  throw new UserError(`relay "${name}" has no host_keys yet: ${advice}`, EXIT.configuration)
}

/** A device's relays in its order of preference. */
export function relaysOf(fleet: Fleet, { relays }: Device): Relay[] {
  if (relays === undefined) return fleet.relays
  return relays.flatMap(name => fleet.relays.find(relay => relay.name === name) ?? [])
}
