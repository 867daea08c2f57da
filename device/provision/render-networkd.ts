/** The site's addresses as files of systemd-networkd; pure. Every value was checked to hold nothing that could end its line. */
import { isIP } from 'node:net'
import type { InterfaceConfig, Site } from '../../formats/site-config.ts'

/** How two ways out compare: the lower counts; networkd's own value for both is 1024. */
const METRIC = { wired: 100, wifi: 600 } as const

/** What an interface without an entry is: DHCP and router advertisements. */
const AUTOMATIC = { addresses: [], gateways: [], dns: [], search: [], dhcp: undefined, eap: undefined }

/** @returns file name → content, for /run/systemd/network; of two that match, the first name counts */
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
      // The tunnel waits for the network's own events: a cable that is not plugged in holds nothing up.
      section('Link', ['RequiredForOnline=no']),
      section('Network', [
        `DHCP=${dhcp ? 'yes' : 'no'}`,
        ...addresses.map(address => `Address=${address}`),
        // A router that is named is the router: what others advertise does not count then.
        ...(gateways.some(gateway => isIP(gateway) === 6) ? ['IPv6AcceptRA=no'] : []),
        ...dns.map(server => `DNS=${server}`),
        ...(search.length === 0 ? [] : [`Domains=${search.join(' ')}`]),
        ...ntp.map(server => `NTP=${server}`),
        ...(metric === METRIC.wifi ? ['IgnoreCarrierLoss=5s'] : []),
      ]),
      gateways.flatMap(gateway => section('Route', [`Gateway=${gateway}`, `Metric=${metric}`])),
      // By its MAC address, as a reservation on the DHCP server names it, and not by the machine-id of the card.
      dhcp ? section('DHCPv4', ['ClientIdentifier=mac', `RouteMetric=${metric}`, ...useNtp]) : [],
      dhcp ? section('DHCPv6', useNtp) : [],
      section('IPv6AcceptRA', [`RouteMetric=${metric}`]),
    )
    .join('')
}

function matchOf(name: string): string[] {
  // Kind= is what bridges, tunnels and the like have, and no card or adapter.
  if (name === 'wired') return ['Type=ether', 'Kind=!*']
  return name === 'wifi' ? ['Type=wlan'] : [`Name=${name}`]
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`[${name}]\n${lines.map(line => `${line}\n`).join('')}\n`]
}
