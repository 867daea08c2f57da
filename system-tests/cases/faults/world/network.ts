/** The network of a world: a device behind a router with NAT, by one cable or two, two relays and a technician's desk on the far side of it. */
import { join } from 'node:path'
import type { Undo } from '../../../disposal.ts'
import { type Host, startHost } from '../../../machine/host.ts'
import type { Cost } from '../observation.ts'

/** Addresses for documentation (RFC 5737, RFC 3849) and of a private network, inside namespaces of this bench alone. */
export const ADDRESS = {
  device: '10.77.0.2',
  /** What the device gets when its own address changes. */
  deviceOthers: ['10.77.0.3', '10.77.0.4'],
  gateway: '10.77.0.1',
  /** Of its second cable. */
  second: '10.77.8.2',
  secondGateway: '10.77.8.1',
  names: '10.77.53.53',
  device6: '2001:db8:77::2',
  gateway6: '2001:db8:77::1',
  names6: '2001:db8:53::53',
  /** The first relay's. */
  relay6: '2001:db8:10::10',
  relays: ['192.0.2.10', '198.51.100.10'],
  /** A second address of the first relay; and one where nobody is. */
  relayMoved: '192.0.2.11',
  nobody: '192.0.2.99',
  nobody6: '2001:db8:99::10',
  desk: '203.0.113.10',
  /** The router's own towards the first relay; the device is seen as the first of them. */
  public: ['192.0.2.1', '192.0.2.2'],
} as const

/** The relays' sshd; and, on the same hosts, that of the peer, which is tuned otherwise. */
export const RELAY_PORT = 443
export const PEER_PORT = 444
export const RELAY_PORTS = `{ ${RELAY_PORT}, ${PEER_PORT} }`
/** Of an HTTP proxy on the router. */
export const PROXY_PORT = 3128
export const RELAY_NAMES = ['relay1.example.net', 'relay2.example.net'] as const

export interface Network {
  device: Host
  router: Host
  relays: [Host, Host]
  desk: Host
}

/** The router's interfaces towards the device. */
const NEAR = '{ "device", "second", "slow" }'

const FAR_SIDE = [
  { wire: 'relay1', own: '192.0.2.1', peer: ADDRESS.relays[0] },
  { wire: 'relay2', own: '198.51.100.1', peer: ADDRESS.relays[1] },
  { wire: 'desk', own: '203.0.113.1', peer: ADDRESS.desk },
] as const

const SYSCTL = join(import.meta.dirname, '../../../../packaging/device/files/usr/lib/sysctl.d/60-oobm.conf')

/** Counters of what crosses the device's link towards the relays, at IP level, by who it belongs to; and the NAT. */
const ROUTER = `
table inet world {
  counter ours {}
  counter peer {}
  counter ours-syn {}
  counter peer-syn {}
  counter second {}
  chain nat {
    type nat hook postrouting priority srcnat
    ip saddr 10.77.0.0/16 oifname "relay1" snat ip to ${ADDRESS.public[0]}
    ip saddr 10.77.0.0/16 oifname { "relay2", "desk" } masquerade
  }
  chain through {
    type filter hook forward priority -200
    iifname ${NEAR} tcp dport ${RELAY_PORT} counter name ours
    oifname ${NEAR} tcp sport ${RELAY_PORT} counter name ours
    iifname ${NEAR} tcp dport ${PEER_PORT} counter name peer
    oifname ${NEAR} tcp sport ${PEER_PORT} counter name peer
    iifname ${NEAR} tcp dport ${RELAY_PORT} tcp flags & (syn|ack) == syn counter name ours-syn
    iifname ${NEAR} tcp dport ${PEER_PORT} tcp flags & (syn|ack) == syn counter name peer-syn
  }
  chain second-in { type filter hook prerouting priority -200; iifname "second" counter name second; }
  chain second-out { type filter hook postrouting priority 200; oifname "second" counter name second; }
  chain asked {
    type filter hook input priority -200
    iifname ${NEAR} udp dport 53 counter name ours
    iifname ${NEAR} tcp dport ${PROXY_PORT} counter name ours
    iifname ${NEAR} tcp dport ${PROXY_PORT} tcp flags & (syn|ack) == syn counter name ours-syn
  }
  chain answered {
    type filter hook output priority -200
    oifname ${NEAR} udp sport 53 counter name ours
    oifname ${NEAR} tcp sport ${PROXY_PORT} counter name ours
  }
}`

/** @param folder with `device-resolv.conf`, which the device reads as its own, and `resolv.conf` for the desk and for a proxy on the router */
export async function startNetwork(undo: Undo, folder: string, uplinks: 1 | 2 = 1): Promise<Network> {
  const [router, device, relay1, relay2, desk] = await Promise.all(
    ['router', 'device', 'relay1', 'relay2', 'desk'].map(name => startHost(undo, name)),
  )
  if (!router || !device || !relay1 || !relay2 || !desk) throw new Error('a host is missing')
  const far = { relay1, relay2, desk }
  await router.sh('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1')
  await router.sh(`ip link add device type veth peer name eth0 netns ${device.pid}
ip address add ${ADDRESS.gateway}/24 dev device; ip address add ${ADDRESS.gateway6}/64 dev device nodad
ip link set device up; ip address add ${ADDRESS.names}/32 dev lo; ip address add ${ADDRESS.names6}/128 dev lo nodad`)
  await device.sh(`ip address add ${ADDRESS.device}/24 dev eth0
ip link set eth0 up; ip route add default via ${ADDRESS.gateway}`)
  if (uplinks === 2) await plugSecond(router, device)
  for (const { wire, own, peer } of FAR_SIDE) {
    await router.sh(`ip link add ${wire} type veth peer name eth0 netns ${far[wire].pid}
ip address add ${own}/24 dev ${wire}; ip link set ${wire} up`)
    await far[wire].sh(`ip address add ${peer}/24 dev eth0; ip link set eth0 up; ip route add default via ${own}`)
  }
  await router.sh(
    `ip address add ${ADDRESS.public[1]}/24 dev relay1; ip address add 2001:db8:10::1/64 dev relay1 nodad`,
  )
  await relay1.sh(`ip address add ${ADDRESS.relay6}/64 dev eth0 nodad; ip route add default via 2001:db8:10::1`)
  await router.sh(`nft -f - <<'END'\n${ROUTER}\nEND`)
  for (const host of [device, desk, router]) {
    const file = host === device ? 'device-resolv.conf' : 'resolv.conf'
    await host.sh(`mount --bind '${join(folder, file)}' /etc/resolv.conf`)
  }
  return { device, router, relays: [relay1, relay2], desk }
}

/** The second cable, for whose route the device has a higher metric; and what the package sets for two of them. */
async function plugSecond(router: Host, device: Host): Promise<void> {
  await router.sh(`ip link add second type veth peer name eth1 netns ${device.pid}
ip address add ${ADDRESS.secondGateway}/24 dev second; ip link set second up`)
  await device.sh(`sysctl -q -p '${SYSCTL}'; ip address add ${ADDRESS.second}/24 dev eth1; ip link set eth1 up
ip route add default via ${ADDRESS.secondGateway} dev eth1 metric 600`)
}

/** What was counted so far, by party. Questions for names count as ours, also where the peer asked them. */
export async function readTraffic(router: Host): Promise<Record<'ours' | 'peer', Cost>> {
  const of = await readCounters(router)
  const cost = (name: string) => ({ bytes: of(name).bytes, syns: of(`${name}-syn`).packets })
  return { ours: cost('ours'), peer: cost('peer') }
}

/** All that crossed the second cable so far, whoever sent it: IP packets, without the heads of Ethernet. */
export async function bytesOfSecond(router: Host): Promise<{ bytes: number; packets: number }> {
  return (await readCounters(router))('second')
}

async function readCounters(router: Host) {
  const { nftables } = JSON.parse(await router.sh('nft -j list counters table inet world')) as {
    nftables: { counter?: { name: string; bytes: number; packets: number } }[]
  }
  return (name: string) => nftables.find(({ counter }) => counter?.name === name)?.counter ?? { bytes: 0, packets: 0 }
}
