/** Where DHCP says that a captive portal answers (RFC 8910), as systemd-networkd 254 and later write it; older ones do not ask for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Characters of an address that is asked. */
const ADDRESS_MAX = 1_024

/** @returns the address of the portal's API; undefined where DHCP names none, or says that there is no portal */
export function readDhcpPortal(interfaceName: string, root = '/'): URL | undefined {
  const index = read(join(root, 'sys/class/net', interfaceName, 'ifindex')).trim()
  if (!/^\d{1,9}$/.test(index)) return undefined
  const state = read(join(root, 'run/systemd/netif/links', index))
  const [, address = ''] = /^CAPTIVE_PORTAL=(.*)$/m.exec(state) ?? []
  if (address.length > ADDRESS_MAX || !URL.canParse(address)) return undefined
  const url = new URL(address)
  // RFC 8908, section 4.1. `urn:ietf:params:capport:unrestricted` says that there is none.
  return url.protocol === 'https:' ? url : undefined
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
