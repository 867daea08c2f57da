/** The table of nftables of one local address, whole; pure. One transaction installs it (nft(8), "flush table" and on). */
import type { RouterSpec } from '../formats/router.ts'
import { CLASSES } from './render-traffic.ts'

export interface Rules {
  spec: RouterSpec
  /** Where hosts go; undefined while there is no way out, or none is wanted. */
  uplink: { name: string; mtu: number; isShaped: boolean } | undefined
  /** Bytes of hosts that are allowed until the next reset, and those that were used. */
  budget: { bytes: number; usedBytes: number } | undefined
  /** Interfaces at which forwarding was switched on for this: nothing new comes in there. */
  opened: readonly string[]
  /** Whether hosts may ask for an address: no, while another DHCP server answers there. */
  dhcpIsOpen: boolean
  /** The user of the DNS server, whose questions are the hosts'. */
  dnsUid: number | undefined
}

/** IPv4 and TCP headers (RFC 9293, 3.7.1). */
const HEADERS_BYTES = 40

/**
 * How hosts are refused: at once. The kernel sends a host one ICMP message a second (icmp(7), icmp_ratelimit); programs that open
 * many connections would wait for the rest of their answers, so TCP gets its own. What is open is left alone: a way out may
 * come back.
 */
const REFUSALS = { prohibited: 'admin-prohibited', nowhere: 'no-route' } as const
const NEW_TCP = 'tcp flags syn / fin,syn,rst,ack'

export function tableName(address: string): string {
  return `oobm_router_${address.replaceAll('.', '_')}`
}

/** A program for nft(8). Counters and the set of DHCP servers go on. */
export function renderNft(rules: Rules): string {
  const { spec } = rules
  const table = `inet ${tableName(spec.address)}`
  const chains = [
    chain('learn', 'filter hook prerouting priority raw', [
      // Also what the kernel would drop, as it has no way back to that server.
      `iifname ${quoted(spec.interface)} udp sport 67 udp dport 68 ip saddr != ${spec.address} add @dhcp_servers { ip saddr }`,
    ]),
    chain('input', 'filter hook input priority filter', inputRules(rules)),
    ...(spec.routes ? routing(rules) : []),
  ]
  // What is to be removed must be there; "add" does not mind what is there already.
  return [
    `add table ${table}`,
    `flush table ${table}`,
    `add quota ${table} budget { over 1 bytes }`,
    `delete quota ${table} budget`,
    `table ${table} {`,
    ...['up', 'down', 'refused'].map(name => `  counter ${name} { }`),
    ...(rules.budget === undefined ? [] : [`  quota budget { ${quotaOf(rules.budget)} }`]),
    '  set dhcp_servers { type ipv4_addr; size 16; flags dynamic,timeout; timeout 10m; }',
    ...Object.entries(REFUSALS).map(([name, type]) => refusal(name, type)),
    ...chains,
    '}',
    '',
  ].join('\n')
}

function quotaOf({ bytes, usedBytes }: { bytes: number; usedBytes: number }): string {
  // More than all is no number that the kernel takes.
  return `over ${bytes} bytes used ${Math.min(usedBytes, bytes)} bytes`
}

function inputRules({ spec, budget, dhcpIsOpen }: Rules): string[] {
  const inside = `iifname ${quoted(spec.interface)}`
  return [
    ...(dhcpIsOpen ? [] : [`${inside} udp dport 67 drop`]),
    ...(spec.routes
      ? [
          `${inside} ip daddr != ${spec.address} fib daddr type local jump prohibited`,
          ...(budget === undefined
            ? []
            : [`${inside} meta l4proto { tcp, udp } th dport 53 quota name budget jump prohibited`]),
        ]
      : []),
  ]
}

function routing({ spec, uplink, budget, opened, dnsUid }: Rules): string[] {
  const inside = quoted(spec.interface)
  const network = `${spec.address}/${spec.prefixLength}`
  const up = uplink && `iifname ${inside} oifname ${quoted(uplink.name)}`
  const down = uplink && `iifname ${quoted(uplink.name)} oifname ${inside} ct state established,related`
  const over = budget === undefined ? undefined : 'quota name budget'
  const mss = uplink === undefined ? [] : mssRules(uplink.mtu)
  const forwarding = [
    `iifname ${inside} meta nfproto ipv6 jump prohibited`,
    `oifname ${inside} meta nfproto ipv6 drop`,
    `iifname ${inside} ip saddr != ${network} jump prohibited`,
    ...(uplink === undefined || up === undefined || down === undefined
      ? []
      : [
          ...(over === undefined ? [] : [`${up} ${over} jump prohibited`, `${down} ${over} counter name refused drop`]),
          ...[up, down].flatMap(way => mss.map(rule => `${way} ${rule}`)),
          `${up} meta priority set ${CLASSES.hostsUp(uplink.isShaped)} counter name up accept`,
          `${down} meta priority set ${CLASSES.hostsDown(uplink.isShaped)} counter name down accept`,
        ]),
    `iifname ${inside} jump nowhere`,
    `oifname ${inside} counter name refused drop`,
    ...opened.filter(name => name !== spec.interface).map(name => `iifname ${quoted(name)} ct state new drop`),
  ]
  if (uplink === undefined) return [chain('forwarding', 'filter hook forward priority filter', forwarding)]
  return [
    chain('forwarding', 'filter hook forward priority filter', forwarding),
    chain('nat', 'nat hook postrouting priority srcnat', [
      `oifname ${quoted(uplink.name)} ip saddr ${network} masquerade`,
    ]),
    ...(dnsUid === undefined
      ? []
      : [
          chain('output', 'filter hook output priority filter', [
            `oifname ${quoted(uplink.name)} meta skuid ${dnsUid} meta priority set ${CLASSES.hostsUp(uplink.isShaped)}`,
          ]),
        ]),
  ]
}

/** To what the link takes, and to what is known of the path (RFC 4459, 3.2). Both ways: each end hears what it may send. */
function mssRules(mtu: number): string[] {
  const syn = 'tcp flags syn / syn,rst tcp option maxseg size'
  const most = mtu - HEADERS_BYTES
  return [`${syn} > ${most} tcp option maxseg size set ${most}`, `${syn} set rt mtu`]
}

function chain(name: string, type: string, rules: readonly string[]): string {
  return [`  chain ${name} {`, `    type ${type}; policy accept;`, ...rules.map(rule => `    ${rule}`), '  }'].join(
    '\n',
  )
}

function refusal(name: string, icmp: string): string {
  return [
    `  chain ${name} {`,
    '    counter name refused',
    `    ${NEW_TCP} reject with tcp reset`,
    `    reject with icmpx ${icmp}`,
    '  }',
  ].join('\n')
}

/** Names of interfaces have no quotes (formats/uplink-settings.ts). */
function quoted(name: string): string {
  return `"${name}"`
}
