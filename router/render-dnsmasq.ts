/** The configuration of dnsmasq for one local address; pure. The schema allows no value that could end its line or its field. */
import type { InstallationSpec, RouterSpec } from '../formats/router.ts'

/** Seconds of a lease: a laptop that leaves does not keep its address for long, and a renewal costs nothing. */
const LEASE_S = 3_600
/** Hosts on a wired side; also what a program that asks for ever more addresses can take. */
const LEASES_MAX = 500
const DNS_CACHE = 500

/**
 * @param folders of what the router writes for it, and of its leases: in memory, since who knows an address still asks for it
 * (RFC 2131, 3.2), and is answered
 */
export function renderDnsmasq(spec: RouterSpec, folders: { router: string; leases: string }): string {
  const { address, dhcp, routes } = spec
  return [
    'keep-in-foreground',
    'log-facility=-',
    'log-async=20',
    'quiet-dhcp',
    `interface=${spec.interface}`,
    'except-interface=lo',
    'no-hosts',
    'bind-dynamic',
    `listen-address=${address}`,
    ...(routes ? dnsLines(folders.router) : ['port=0']),
    ...(dhcp === null ? [] : dhcpLines(spec, dhcp, folders.leases)),
    '',
  ].join('\n')
}

function dnsLines(folder: string): string[] {
  return [
    `resolv-file=${folder}/resolv.conf`,
    `cache-size=${DNS_CACHE}`,
    // An uplink that changes must not leave answers of the one before: a name server may know names of its own network.
    'clear-on-reload',
    'no-negcache',
  ]
}

function dhcpLines(
  { address, prefixLength, routes, installations }: RouterSpec,
  { first, last }: { first: string; last: string },
  leases: string,
): string[] {
  return [
    `dhcp-range=${first},${last},${maskOf(prefixLength)},${LEASE_S}`,
    `dhcp-leasefile=${leases}/leases`,
    `dhcp-lease-max=${LEASES_MAX}`,
    // It is the only one there; the router closes port 67 while it is not.
    'dhcp-authoritative',
    // Without a value, nothing is sent: it is no router, or no name server.
    routes ? `dhcp-option=option:router,${address}` : 'dhcp-option=option:router',
    routes ? `dhcp-option=option:dns-server,${address}` : 'dhcp-option=option:dns-server',
    ...installations.flatMap(installationLines),
  ]
}

/** An entry for a MAC address has precedence over one for a vendor class. */
function installationLines(installation: InstallationSpec, index: number): string[] {
  const { mac, vendorClass, nextServer, bootFile, tftpServerName, tftpServers, vendorOptions } = installation
  const tag = `first${index}`
  const only = mac === undefined ? `tag:${tag},tag:!bymac` : `tag:${tag}`
  const option = (number: number, value: string) => `dhcp-option-force=${only},${number},${value}`
  return [
    mac === undefined ? `dhcp-vendorclass=set:${tag},${vendorClass}` : `dhcp-mac=set:${tag},${mac}`,
    ...(mac === undefined ? [] : [`dhcp-mac=set:bymac,${mac}`]),
    `dhcp-boot=${only},${bootFile ?? ''},${tftpServerName ?? ''},${nextServer}`,
    ...(tftpServerName === undefined ? [] : [option(66, tftpServerName)]),
    ...(bootFile === undefined ? [] : [option(67, bootFile)]),
    ...(tftpServers.length === 0 ? [] : [option(150, tftpServers.join(','))]),
    ...(vendorOptions === undefined ? [] : [option(43, (vendorOptions.match(/../g) ?? []).join(':'))]),
  ]
}

function maskOf(length: number): string {
  const number = length === 0 ? 0 : (~0 << (32 - length)) >>> 0
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.')
}
