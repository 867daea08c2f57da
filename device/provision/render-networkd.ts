/** The addresses of the site as files of systemd-networkd; pure. The schema allows no value that could end its line. */
import { isIP } from 'node:net'
import type { InterfaceConfig, Site } from '../../formats/site-config.ts'

/** Metrics of the routes: the lowest has precedence. Without them, networkd gives both 1024. */
const METRIC = { wired: 100, wifi: 600 } as const

/** An interface without an entry: DHCP and router advertisements. */
const AUTOMATIC = { addresses: [], gateways: [], dns: [], search: [], dhcp: undefined, eap: undefined }

/** @returns file name → content, for /run/systemd/network; of two that match, networkd uses the first name */
export function renderNetworkd({ system, interfaces }: Pick<Site, 'system' | 'interfaces'>): Record<string, string> {
  const files: Record<string, string> = {}
  for (const entry of interfaces) {
    const isKind = entry.name === 'wired' || entry.name === 'wifi'
    files[`${isKind ? 60 : 50}-oobm-${entry.name}.network`] = renderInterface(entry, system.ntp)
  }
  for (const name of ['wired', 'wifi'] as const)
    files[`60-oobm-${name}.network`] ??= renderInterface({ name, ...AUTOMATIC }, system.ntp)
  return files
}

function renderInterface(entry: InterfaceConfig, ntp: readonly string[]): string {
  const { name, addresses, gateways, dns, search } = entry
  const dhcp = entry.dhcp ?? addresses.length === 0
  const metric = /^wl|^wifi$/.test(name) ? METRIC.wifi : METRIC.wired
  const useNtp = ntp.length === 0 ? [] : ['UseNTP=no']
  return section('Match', matchOf(name))
    .concat(
      // The tunnel waits for events of the network: a cable that is not plugged in delays nothing.
      section('Link', ['RequiredForOnline=no']),
      section('Network', [
        `DHCP=${dhcp ? 'yes' : 'no'}`,
        ...addresses.map(address => `Address=${address}`),
        // A configured router is the only one: the advertisements of others do not count.
        ...(gateways.some(gateway => isIP(gateway) === 6) ? ['IPv6AcceptRA=no'] : []),
        ...dns.map(server => `DNS=${server}`),
        ...(search.length === 0 ? [] : [`Domains=${search.join(' ')}`]),
        ...ntp.map(server => `NTP=${server}`),
        ...(metric === METRIC.wifi ? ['IgnoreCarrierLoss=5s'] : []),
      ]),
      gateways.flatMap(gateway => section('Route', [`Gateway=${gateway}`, `Metric=${metric}`])),
      // By its MAC address, as in a reservation on the DHCP server, and not by the machine-id of the card.
      dhcp ? section('DHCPv4', ['ClientIdentifier=mac', `RouteMetric=${metric}`, ...useNtp]) : [],
      dhcp ? section('DHCPv6', useNtp) : [],
      section('IPv6AcceptRA', [`RouteMetric=${metric}`]),
    )
    .join('')
}

function matchOf(name: string): string[] {
  // Bridges, tunnels and the like have a Kind=, cards and adapters have none.
  if (name === 'wired') return ['Type=ether', 'Kind=!*']
  return name === 'wifi' ? ['Type=wlan'] : [`Name=${name}`]
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`[${name}]\n${lines.map(line => `${line}\n`).join('')}\n`]
}
