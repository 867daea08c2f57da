/** Faults of names: a server that is gone, silent or wrong, and addresses that are slow, dead or new. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceAsks } from '../world/names.ts'
import { ADDRESS, RELAY_NAMES } from '../world/network.ts'
import { type Inflict, nothing } from './fault.ts'

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

/** IPv4 is gone for good from the network of the device, and IPv6 is there: an address, a router and a name server. */
const ipv6Alone: Inflict = async ({ network: { device }, root }) => {
  await deviceAsks(root, ADDRESS.names6)
  await device.sh(`ip address add ${ADDRESS.device6}/64 dev eth0 nodad
ip -6 route add default via ${ADDRESS.gateway6}; ip -4 address flush dev eth0 scope global`)
  return nothing
}

/** The relay has an address of each family. */
export const onlyIpv6: Inflict = async world => {
  await world.names.point(FIRST, [ADDRESS.relay6, ADDRESS.relays[0]])
  return ipv6Alone(world)
}

/** The relay has IPv4 alone, and the router translates (RFC 6052, RFC 7050), with tayga(8). */
export const onlyNat64: Inflict = async world => {
  const { names, network, root } = world
  const { router } = network
  const folder = join(root, 'nat64')
  await mkdir(folder)
  const config = ['tun-device nat64', 'ipv4-addr 10.64.0.1', 'prefix 2001:db8:64::/96', 'dynamic-pool 10.64.0.0/24']
  await writeFile(join(folder, 'tayga.conf'), [...config, `data-dir ${folder}`, ''].join('\n'))
  const tayga = ['--config', join(folder, 'tayga.conf')]
  await router.run('tayga', ['--mktun', ...tayga])
  await router.sh('ip link set nat64 up; ip route add 10.64.0.0/24 dev nat64; ip route add 2001:db8:64::/96 dev nat64')
  router.start('tayga', ['--nodetach', ...tayga])
  await names.point('ipv4only.arpa', ['192.0.0.170', '192.0.0.171', '2001:db8:64::c000:aa', '2001:db8:64::c000:ab'])
  return ipv6Alone(world)
}

/** The relay is at another address for good: the old one is gone, and its name follows. */
export const relayMoved: Inflict = async ({ names, network }) => {
  await network.relays[0].sh(`ip address delete ${ADDRESS.relays[0]}/24 dev eth0
ip address replace ${ADDRESS.relayMoved}/24 dev eth0; ip route replace default via 192.0.2.1`)
  await names.point(FIRST, [ADDRESS.relayMoved])
  return nothing
}
