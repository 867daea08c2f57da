/** The firewall of a dedicated relay: a table of our own, beside other tables of the host (nft(8)). */
import { listenersOf } from '../../../formats/listeners.ts'
import { relaysOf } from '../../fleet/access.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { isGateway } from '../../fleet/render/authorized-keys.ts'

/** Deletes the table, whether it is there or not: declared first, so that the delete finds it. */
export const DELETE_TABLE = 'table inet oobm {}\ndelete table inet oobm\n'

/** Of the devices with `gateway = true`: both of each. */
export function gatewayPorts(fleet: Fleet, relay: Relay): number[] {
  const gateways = fleet.devices.filter(device => isGateway(relay, device) && relaysOf(fleet, device).includes(relay))
  return gateways.flatMap(device => Object.values(listenersOf(device.port)))
}

/** The TCP ports that are open. */
export function openPorts(fleet: Fleet, relay: Relay): number[] {
  return [...new Set([relay.port, relay.adminPort, ...gatewayPorts(fleet, relay)])].sort((a, b) => a - b)
}

/** One transaction: the kernel loads all of it or nothing. */
export function renderNftables(fleet: Fleet, relay: Relay): string {
  return `# The firewall of relay "${relay.name}", made by "oobm-relay apply": your changes here are lost.
${DELETE_TABLE}table inet oobm {
  chain input {
    type filter hook input priority filter; policy drop;
    # Whoever is in stays in.
    ct state established,related accept
    iif lo accept
    # ICMP and ICMPv6; nft asks /etc/protocols for their names, which a small Debian has not.
    meta l4proto { 1, 58 } accept
    # The answers of DHCP servers, which no connection tracking ties to the question.
    udp sport 67 udp dport 68 accept
    udp sport 547 udp dport 546 accept
    # ${relay.port}: devices and technicians; ${relay.adminPort}: the host's own sshd; others: devices with gateway = true
    tcp dport { ${openPorts(fleet, relay).join(', ')} } accept
  }
}
`
}
