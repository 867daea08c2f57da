/** Faults of the path between the device and the relays: rules on the router, and on the relays themselves. */
import type { Host } from '../../../machine/host.ts'
import { ADDRESS, RELAY_PORT, RELAY_PORTS } from '../world/network.ts'
import { type End, type Inflict, nothing } from './fault.ts'

/** Drops both ways, names too, as a provider's broken line does; the cable and the router's own address stay. */
export const silentPath: Inflict = world => onRouter(world, ['iifname "device" drop', 'oifname "device" drop'], true)

export const nothingUp: Inflict = world => onRouter(world, ['iifname "device" drop'])
export const nothingDown: Inflict = world => onRouter(world, ['oifname "device" drop'])

/** Between the device and the first relay alone: what others reach there still holds the device's listener. */
export const firstUnreachable: Inflict = world =>
  onRouter(world, ['iifname "device" oifname "relay1" drop', 'iifname "relay1" oifname "device" drop'])

/** Loses one packet of so many, each way. */
export const loss =
  (oneIn: number): Inflict =>
  world =>
    onRouter(world, [
      `iifname "device" numgen random mod ${oneIn} == 0 drop`,
      `oifname "device" numgen random mod ${oneIn} == 0 drop`,
    ])

/** Packets above 576 bytes vanish, and nobody says so. */
export const smallPacketsOnly: Inflict = world => onRouter(world, ['meta length > 576 drop'])

export const reject: Inflict = world =>
  onRouter(world, [`iifname "device" tcp dport ${RELAY_PORTS} reject with icmp type admin-prohibited`])
export const reset: Inflict = world =>
  onRouter(world, [`iifname "device" tcp dport ${RELAY_PORTS} reject with tcp reset`])

/** The first bytes of who speaks SSH, after the TCP header (RFC 4253, 4.2; nft(8), raw payload expression). */
const SPEAKS_SSH = '@ih,0,64 0x5353482d322e302d'

/** A firewall looks into new connections, and resets those that begin as SSH does. */
export const sshReset: Inflict = world =>
  onRouter(world, [`iifname "device" tcp dport ${RELAY_PORT} ${SPEAKS_SSH} reject with tcp reset`])

/** A firewall drops what is not TLS on the relay's port, the data of the open tunnel too (RFC 8446, 5.1: a record of a handshake). */
export const tlsAlone: Inflict = world =>
  onRouter(world, [
    `iifname "device" tcp dport ${RELAY_PORT} @ih,0,16 0x1603 ct mark set 1`,
    `iifname "device" tcp dport ${RELAY_PORT} ct mark != 1 @ih,0,8 >= 0 drop`,
    `oifname "device" tcp sport ${RELAY_PORT} ct mark != 1 @ih,0,8 >= 0 drop`,
  ])

/** Only what is on the router itself is reached: names, and a proxy. */
export const nothingThrough: Inflict = world => onRouter(world, ['iifname "device" drop', 'oifname "device" drop'])

/** The far side of this end of a connection is refused, others go on: what is new gets an RST. */
export const resetNew: Inflict = world =>
  onRouter(world, [`iifname "device" tcp dport ${RELAY_PORTS} tcp flags & (syn|ack) == syn reject with tcp reset`])

/** Names are asked at the router: dropped, or nothing but they. */
export const silentNames: Inflict = world => onRouter(world, ['iifname "device" udp dport 53 drop'], true)

/** The router forgets its flows: packets of old ones have no place to go, and are dropped or answered with RST. */
export const natLost =
  (answer: 'silent' | 'reset'): Inflict =>
  async world => {
    const { router } = world.network
    const invalid = answer === 'silent' ? 'drop' : 'meta l4proto tcp reject with tcp reset'
    const end = await onRouter(world, [`iifname "device" ct state invalid ${invalid}`, 'ct state invalid drop'])
    await router.sh(FORGET_FLOWS)
    // The rule stays as long as packets of old flows may come: only the moment of the loss is the fault.
    return end
  }

/** In the middle of a connection nothing becomes a flow: routers of providers do so. */
const FORGET_FLOWS = 'sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0; conntrack -F >/dev/null 2>&1'

/** The device is seen from another public address; flows of the old one are dropped. */
export const publicAddressChanged: Inflict = async world => {
  const { router } = world.network
  const end = await onRouter(world, ['ct state invalid drop'])
  await router.sh(`nft flush chain inet world nat
nft add rule inet world nat ip saddr 10.77.0.0/16 oifname '"relay1"' snat ip to ${ADDRESS.public[1]}
nft add rule inet world nat ip saddr 10.77.0.0/16 oifname '{ "relay2", "desk" }' masquerade
${FORGET_FLOWS}`)
  return end
}

/** Old flows pass, new connections to the relay do not: what fail2ban does to an address. */
export const newConnectionsDropped: Inflict = async world => {
  const ends = await Promise.all(
    world.relays.map(({ host }) =>
      ruleOn(
        host,
        `chain banned { type filter hook input priority 0; tcp dport ${RELAY_PORTS} tcp flags & (syn|ack) == syn ip saddr != 127.0.0.0/8 ip saddr != ${ADDRESS.desk} drop; }`,
      ),
    ),
  )
  return async () => {
    for (const end of ends) await end()
  }
}

/** The relay's own listeners answer nobody on its loopback: it takes tunnels, and forwards nothing. */
export const forwardsNothing =
  (relay: number, ports: string): Inflict =>
  async ({ relays }) => {
    const host = relays[relay]?.host
    return host
      ? ruleOn(host, `chain deaf { type filter hook input priority 0; iifname "lo" tcp dport ${ports} drop; }`)
      : nothing
  }

/** A host that is slow to answer: the first SYN of each connection is lost, the next one a second later passes. */
export const firstSynLost: Inflict = world =>
  ruleOn(
    world.network.router,
    `set seen { type ipv4_addr . inet_service; flags dynamic; timeout 30s; }
chain first { ip saddr . tcp sport @seen return; add @seen { ip saddr . tcp sport }; drop; }
chain forward { type filter hook forward priority 0; iifname "device" tcp flags & (syn|ack) == syn jump first; }`,
  )

/** Nothing answers for the addresses where nobody is. */
export const deadAddress: Inflict = world =>
  onRouter(world, [`ip daddr ${ADDRESS.nobody} drop`, `ip6 daddr ${ADDRESS.nobody6} drop`])

/** New connections to the relay are led to something else on the router; old ones go on. */
export const ledTo =
  (port: number): Inflict =>
  world =>
    ruleOn(
      world.network.router,
      `chain lead { type nat hook prerouting priority dstnat; iifname "device" ip protocol tcp tcp dport ${RELAY_PORTS} dnat ip to ${ADDRESS.gateway}:${port}; }`,
    )

/** @param asked whether what the device asks the router itself is meant too: names */
function onRouter({ network }: { network: { router: Host } }, rules: string[], asked = false): Promise<End> {
  const chain = (hook: string) => `chain ${hook} { type filter hook ${hook} priority 0; ${rules.join('; ')}; }`
  return ruleOn(network.router, ['forward', ...(asked ? ['input', 'output'] : [])].map(chain).join('\n'))
}

let number = 0

/** Adds a table of its own, which is taken away again at the end of the fault. */
async function ruleOn(host: Host, chains: string): Promise<End> {
  const table = `inet fault${number++}`
  await host.sh(`nft -f - <<'END'\ntable ${table} {\n${chains}\n}\nEND`)
  return async () => void (await host.sh(`nft delete table ${table}`))
}
