/** Faults of the device's own link: carrier, addresses, routes, and a line that is slow or far. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ADDRESS } from '../world/network.ts'
import type { World } from '../world/world.ts'
import { type Inflict, nothing } from './fault.ts'

const DEFAULT_ROUTE = `ip route replace default via ${ADDRESS.gateway} dev eth0`

/** The switch port is down: no carrier, and the address stays, as long as nobody takes it away. */
export const carrierLost: Inflict = async ({ network: { router } }) => {
  await router.sh('ip link set device down')
  return async () => void (await router.sh('ip link set device up'))
}

/** The router is gone from the cable: it does not even answer ARP, and whoever knew its place sends to nobody. */
export const gatewayGone: Inflict = async ({ network: { router, device } }) => {
  const [a, b] = randomBytes(2).toString('hex').match(/../g) ?? []
  await router.sh(
    `ip link set device arp off; ip -4 address flush dev device scope global; ip link set device address 02:00:00:00:${a}:${b}`,
  )
  return async () => {
    await router.sh(`ip link set device arp on; ip address add ${ADDRESS.gateway}/24 dev device`)
    await device.sh('ip neigh flush dev eth0')
  }
}

export const routeGone: Inflict = async ({ network: { device } }) => {
  await device.sh('ip route delete default')
  return async () => void (await device.sh(DEFAULT_ROUTE))
}

/** What DHCP does when a lease ends; the same address comes back. */
export const addressGone: Inflict = async ({ network: { device } }) => {
  await device.sh(`ip address delete ${ADDRESS.device}/24 dev eth0`)
  return async () => void (await device.sh(`ip address add ${ADDRESS.device}/24 dev eth0; ${DEFAULT_ROUTE}`))
}

/** Another address at once: flows of the old one cannot go on. */
export const ownAddressChanges =
  (to: string): Inflict =>
  async ({ network: { device } }) => {
    await device.sh(`ip -4 address flush dev eth0 scope global; ip address add ${to}/24 dev eth0; ${DEFAULT_ROUTE}`)
    return nothing
  }

/** Everything is down, as where the power of a whole site's switches fails. */
export const linksDown: Inflict = async ({ network: { device } }) => {
  await device.sh('ip link set eth0 down; ip -4 address flush dev eth0 scope global')
  return async () =>
    void (await device.sh(`ip link set eth0 up; ip address add ${ADDRESS.device}/24 dev eth0; ${DEFAULT_ROUTE}`))
}

/** So many bits a second from the device on; what comes faster waits for up to two seconds. */
export const slowUp =
  (rate: string): Inflict =>
  async ({ network: { device } }) => {
    await device.sh(`tc qdisc replace dev eth0 root tbf rate ${rate} burst 4kb latency 2s`)
    return async () => void (await device.sh('tc qdisc delete dev eth0 root'))
  }

/** Milliseconds each way, before the device starts: its default route goes through a line that is far. */
export async function farAway(world: Pick<World, 'network'>, oneWayMs: number): Promise<void> {
  const { device, router } = world.network
  const helper = join(import.meta.dirname, 'far-line.py')
  const line = device.start('python3', [helper, 'far', `/proc/${router.pid}/ns/net`, 'slow', String(oneWayMs)])
  await line.says(/^ready$/m)
  await router.sh('ip address add 10.77.1.1/24 dev slow; ip link set slow up')
  await device.sh(
    'ip address add 10.77.1.2/24 dev far; ip link set far up; ip route replace default via 10.77.1.1 dev far',
  )
}
