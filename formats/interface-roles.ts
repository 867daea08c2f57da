/** What an interface is by its name, and which settings go together with the role that it has; pure. */
import { reaches } from './ip-networks.ts'

/** Names of all interfaces of a kind. */
export const INTERFACE_KINDS = ['wired', 'wifi', 'modem'] as const
export type InterfaceKind = (typeof INTERFACE_KINDS)[number]

export function isInterfaceKind(name: string): name is InterfaceKind {
  return INTERFACE_KINDS.some(kind => kind === name)
}

/** Of an interface, by its name. */
export function interfaceKindOf(name: string): InterfaceKind {
  if (isInterfaceKind(name)) return name
  if (/^wl/.test(name)) return 'wifi'
  return /^(wwan|usb)\d/.test(name) ? 'modem' : 'wired'
}

/** What a wired port is for. */
export const ROLES = ['client', 'static', 'router'] as const

interface RoleSettings {
  name: string
  role?: (typeof ROLES)[number] | undefined
  address?: string | undefined
  gateway?: string | undefined
  addresses: readonly string[]
  gateways: readonly string[]
  dns: readonly string[]
  search: readonly string[]
  dhcp?: boolean | undefined
  fallback?: string | undefined
  eap?: unknown
}

/** What does not go together with the role of an interface, or with none: key and message. */
export function* roleProblems(entry: RoleSettings): Generator<[key: keyof RoleSettings, message: string]> {
  const { name, role, address, gateway } = entry
  const given = (key: keyof RoleSettings) =>
    Array.isArray(entry[key]) ? entry[key].length > 0 : entry[key] !== undefined
  if (role === undefined || role === 'client') {
    const instead = role === undefined ? 'write addresses and gateways, or a role' : 'it asks DHCP; see also: fallback'
    for (const key of ['address', 'gateway'] as const)
      if (given(key)) yield [key, `is for the roles "static" and "router": ${instead}`]
  }
  if (role === undefined) return
  if (role === 'client') {
    for (const key of ['addresses', 'gateways'] as const)
      if (given(key)) yield [key, 'is for an interface without a role: the role "client" asks DHCP; see also: fallback']
    if (entry.dhcp === false) yield ['dhcp', 'is false, and the role "client" asks DHCP']
    return
  }
  const kind = interfaceKindOf(name)
  if (kind !== 'wired') {
    const instead = role === 'static' ? ': leave role out, and write addresses and gateways' : ''
    yield ['role', `is "${role}", which only a wired port can have, and ${name} is ${KIND_WORDS[kind]}${instead}`]
    return
  }
  if (isInterfaceKind(name))
    yield ['role', `is "${role}", which needs an interface by its own name, such as eth0, in place of "${name}"`]
  if (address === undefined)
    yield ['address', `is missing: the role "${role}" needs it, such as address = "192.168.77.1/24"`]
  for (const [key, instead] of Object.entries(INSTEAD_OF_LISTS) as [keyof RoleSettings, string][])
    if (given(key)) yield [key, `does not go together with the role "${role}": ${instead}`]
  if (role === 'router') {
    if (gateway !== undefined)
      yield ['gateway', 'does not go together with the role "router": the way out is another interface']
    if (given('eap')) yield ['eap', 'does not go together with the role "router": no switch asks this port for a login']
  } else if (gateway !== undefined && address !== undefined) {
    if (gateway === address.split('/')[0]) yield ['gateway', 'is the address of this interface itself']
    else if (!reaches(address, gateway))
      yield ['gateway', `is not in the network of ${address}: the device cannot reach it`]
  }
  if (gateway === undefined || role === 'router')
    for (const key of ['dns', 'search'] as const)
      if (given(key)) yield [key, 'goes with a gateway: names are looked up where a way leads out']
}

const KIND_WORDS: Record<InterfaceKind, string> = { wired: 'wired', wifi: 'Wi-Fi', modem: 'a modem' }
/** What is written in their place with the roles `static` and `router`. */
const INSTEAD_OF_LISTS = {
  addresses: 'it has one, written as address',
  gateways: 'write gateway',
  dhcp: 'its address is always the same',
  fallback: 'its address is always there',
}
