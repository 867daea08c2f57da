/** Faults of names: a server that is gone, silent or wrong, and addresses that are slow, dead or new. */

import { deviceAsks } from '../world/names.ts'
import { ADDRESS, RELAY_NAMES } from '../world/network.ts'
import type { Inflict } from './fault.ts'

const [FIRST] = RELAY_NAMES

export const namesRefused: Inflict = async ({ names }) => {
  await names.stop()
  return names.start
}

export const namesFail =
  (mode: 'silent' | 'failing'): Inflict =>
  async ({ names }) => {
    await names.mode(mode)
    return () => names.mode('answer')
  }

/** The relay's name leads elsewhere. */
export const namesPoint =
  (addresses: readonly string[]): Inflict =>
  async ({ names }) => {
    await names.point(FIRST, addresses)
    return () => names.point(FIRST, [ADDRESS.relays[0]])
  }

/** IPv4 is gone for good from the network of the device, and IPv6 is there: address, router and name server. */
export const onlyIpv6: Inflict = async ({ names, network: { device }, root }) => {
  await names.point(FIRST, [ADDRESS.relay6, ADDRESS.relays[0]])
  await deviceAsks(root, ADDRESS.names6)
  await device.sh(`ip address add ${ADDRESS.device6}/64 dev eth0 nodad
ip -6 route add default via ${ADDRESS.gateway6}; ip -4 address flush dev eth0 scope global`)
  return async () => {}
}

/** The relay is at another address for good: the old one is gone, and its name follows. */
export const relayMoved: Inflict = async ({ names, network }) => {
  await network.relays[0].sh(`ip address delete ${ADDRESS.relays[0]}/24 dev eth0
ip address replace ${ADDRESS.relayMoved}/24 dev eth0; ip route replace default via 192.0.2.1`)
  await names.point(FIRST, [ADDRESS.relayMoved])
  return async () => {}
}
