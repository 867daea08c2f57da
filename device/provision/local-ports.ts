/** The ports that may have addresses for those beside the board; pure. What their side is now, `sides` finds out. */
import { interfaceKindOf, isInterfaceKind } from '../../formats/interface-roles.ts'
import type { InterfaceConfig, Site } from '../../formats/site-config.ts'

/** Whether an address of this interface is for those beside the board: whatever they say, nothing leaves the board by it. */
export function leadsNowhere({ role, gateway }: InterfaceConfig): boolean {
  return role === 'router' || (role === 'static' && gateway === undefined)
}

/** Whether it has nothing but what DHCP gives it: without a lease, who is at its other end is beside the board. */
export function isClient({ address, addresses, dhcp = addresses.length === 0 }: InterfaceConfig): boolean {
  return address === undefined && addresses.length === 0 && dhcp
}

/**
 * @returns by interface, and `wired` for those without an entry: its role, and the address that it has or falls back to,
 * `-` for none. Who is in a Wi-Fi or behind a modem is nowhere beside the board; who is on its own hotspot knows its passphrase.
 */
export function localPorts({ interfaces, hotspot }: Pick<Site, 'interfaces' | 'hotspot'>): Record<string, string> {
  const ports: Record<string, string> = {}
  if (hotspot.enabled) ports[hotspot.interface] = `hotspot ${hotspot.address}`
  if (!interfaces.some(({ name }) => name === 'wired')) ports.wired = 'client -'
  for (const entry of interfaces.filter(({ name }) => interfaceKindOf(name) === 'wired')) {
    const { name, role, address, fallback } = entry
    if (leadsNowhere(entry) && address !== undefined) ports[name] = `${role} ${address}`
    else if (isClient(entry)) ports[name] = `client ${isInterfaceKind(name) ? '-' : (fallback ?? '-')}`
  }
  return ports
}
