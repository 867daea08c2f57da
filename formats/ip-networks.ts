/** Addresses and networks as people write them; pure. */
import { BlockList, isIP } from 'node:net'

/** Without a scope (`%eth0`), which means nothing in a file. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

export function isPrefixed(text: string): boolean {
  const match = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text)
  const version = isIP(match?.[1] ?? '')
  return version !== 0 && Number(match?.[2]) <= (version === 4 ? 32 : 128) && Number(match?.[2]) > 0
}

/** An IPv4 address that a host may have, and its network: not the network's own address, and not that for all (RFC 1122, 3.2.1.3). */
export function isHostAddress(text: string): boolean {
  const [address = '', length] = text.split('/')
  if (!isPrefixed(text) || isIP(address) !== 4 || Number(length) > 30) return false
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const size = 2 ** (32 - Number(length))
  const first = Math.floor(number / 2 ** 24)
  return first > 0 && first !== 127 && first < 224 && number % size !== 0 && number % size !== size - 1
}

/** Whether one of two networks is in the other. */
export function overlaps(one: string, other: string): boolean {
  const [[first = '', firstLength], [second = '', secondLength]] = [one.split('/'), other.split('/')]
  if (isIP(first) !== isIP(second)) return false
  const network = new BlockList()
  network.addSubnet(first, Math.min(Number(firstLength), Number(secondLength)), isIP(first) === 4 ? 'ipv4' : 'ipv6')
  return network.check(second, isIP(first) === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a gateway is on the link of an address; IPv6 routers often have a link-local address (RFC 4861). */
export function reaches(address: string, gateway: string): boolean {
  const [own = '', length] = address.split('/')
  const family = isIP(gateway) === 4 ? 'ipv4' : 'ipv6'
  if (isIP(own) !== isIP(gateway)) return false
  const network = new BlockList()
  network.addSubnet(own, Number(length), family)
  if (family === 'ipv6') network.addSubnet('fe80::', 10, family)
  return network.check(gateway, family)
}
