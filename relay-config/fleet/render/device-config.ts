/** The device configuration of one device of the fleet: what the provisioning file has beside the secrets. */

import type { DeviceConfigInput } from '../../../formats/device-config.ts'
import { deviceSettings } from '../../../formats/device-settings.ts'
import { listenersOf } from '../../../formats/listeners.ts'
import { accessOf, loginConsolesOf, pinnedKeysOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Relay } from '../fleet-config.ts'
import { GATEWAY_TECHNICIAN } from '../host-names.ts'

/**
 * @param bridgeHostKey the public host key of its console bridge
 * @param gatewayKey the public key of `remote-admin`, who may use the shell of a device with `gateway = true`
 */
export function renderDeviceConfig(
  fleet: Fleet,
  device: Device,
  bridgeHostKey: string,
  gatewayKey?: string,
): DeviceConfigInput {
  return {
    version: 1,
    device: device.name,
    listenerPort: listenersOf(device.port).shell,
    relays: relaysOf(fleet, device).map(relay => {
      const { host, port, user } = relay
      return { host, port, user, hostKeys: pinnedKeysOf(relay) }
    }),
    ...settingsOf({ ...device, contact: device.contact ?? fleet.contact }),
    technicians: [...techniciansOf(fleet, device), ...gatewayTechnician(gatewayKey)],
    bridge: { ...device.bridge, hostKey: bridgeHostKey },
  }
}

/** Written only where the file has it: an older device may not know the key. */
function settingsOf(device: Device): Pick<DeviceConfigInput, keyof typeof deviceSettings> {
  const given = Object.keys(deviceSettings).map(key => [key, device[key as keyof typeof deviceSettings]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function techniciansOf(fleet: Fleet, device: Device): NonNullable<DeviceConfigInput['technicians']> {
  return fleet.technicians.flatMap(technician => {
    const access = accessOf(fleet, technician).find(access => access.device === device)
    if (!access) return []
    const { name, keys, role, hopKeys, escapeSet, power: switched } = technician
    const consoles = access.consoles.map(console => console.name)
    const viaRelay = loginConsolesOf(fleet, technician).flatMap(login =>
      login.device === device ? login.console.name : [],
    )
    const byLogin = viaRelay.length > 0 && hopKeys.length > 0 && relaysOf(fleet, device).some(isDedicated)
    // Always written: a list that is left out means all.
    const { shell, admin } = access
    const power = consoles.filter(console => switched === 'all' || switched.includes(console))
    const more = { ...(admin && { admin }), ...(byLogin && { viaRelay, hopKeys }), ...(escapeSet && { escapeSet }) }
    // Written only where there is something: an older device may not know the key.
    const byPower = power.length > 0 && { power }
    return [{ name, keys, role, consoles, shell, ...more, ...byPower }]
  })
}

function gatewayTechnician(key: string | undefined): NonNullable<DeviceConfigInput['technicians']> {
  if (key === undefined) return []
  return [{ name: GATEWAY_TECHNICIAN, keys: [key], role: 'operator', consoles: [], shell: true, admin: true }]
}

function isDedicated({ accounts }: Relay): boolean {
  return accounts === 'dedicated'
}
