/** The addresses of the site as files of systemd-networkd; pure. The schema allows no value that could end its line. */
import { isIP } from 'node:net'
import { INTERFACE_KINDS, type InterfaceKind, interfaceKindOf, isInterfaceKind } from '../../formats/interface-roles.ts'
import { DHCP_MODEM_DRIVERS } from '../../formats/modem-drivers.ts'
import type { InterfaceConfig, Site } from '../../formats/site-config.ts'
import { isClient, leadsNowhere } from './local-ports.ts'

/** Metrics of the routes: the lowest has precedence. Without them, networkd gives both 1024. */
const METRIC: Record<InterfaceKind, number> = { wired: 100, wifi: 600, modem: 700 }
/** That of an address for those beside the board: any other route has precedence; the script fallback-address has the same number. */
export const LOCAL_METRIC = 4096

/** An interface without an entry: DHCP and router advertisements. */
const AUTOMATIC = {
  ...{ addresses: [], gateways: [], dns: [], search: [] },
  ...{ role: undefined, address: undefined, gateway: undefined },
  ...{ dhcp: undefined, fallback: undefined, eap: undefined },
}

/** @returns file name → content, for /run/systemd/network; of two that match, networkd uses the first name */
export function renderNetworkd({ system, interfaces }: Pick<Site, 'system' | 'interfaces'>): Record<string, string> {
  const files: Record<string, string> = {}
  for (const entry of interfaces) {
    files[`${isInterfaceKind(entry.name) ? 60 : 50}-oobm-${entry.name}.network`] = renderInterface(entry, system.ntp)
  }
  // A modem is no cable: it has neither the fixed addresses nor the metric of one. It sorts before "wired", which matches it too.
  for (const name of INTERFACE_KINDS)
    files[`60-oobm-${name}.network`] ??= renderInterface({ name, ...AUTOMATIC }, system.ntp)
  return files
}

function renderInterface(entry: InterfaceConfig, ntp: readonly string[]): string {
  const { name, dns, search, fallback } = entry
  // Any other route has precedence to that of a port which leads nowhere.
  const local = leadsNowhere(entry) ? entry.address : undefined
  const addresses = entry.address === undefined ? entry.addresses : [entry.address]
  const gateways = entry.gateway === undefined ? entry.gateways : [entry.gateway]
  const dhcp = entry.dhcp ?? addresses.length === 0
  const kind = interfaceKindOf(name)
  const metric = METRIC[kind]
  const useNtp = ntp.length === 0 ? [] : ['UseNTP=no']
  return section('Match', matchOf(name))
    .concat(
      // The tunnel waits for events of the network: a cable that is not plugged in delays nothing.
      section('Link', ['RequiredForOnline=no']),
      section('Network', [
        `DHCP=${dhcp ? 'yes' : 'no'}`,
        // 169.254.x.x as well, for a laptop that gets no address either; beside DHCP networkd has it while there is no lease.
        ...(kind === 'wired' && (local !== undefined || isClient(entry)) ? ['LinkLocalAddressing=yes'] : []),
        ...(local === undefined ? addresses : []).map(address => `Address=${address}`),
        // A configured router is the only one: the advertisements of others do not count, and at a port for those beside the
        // board nobody is one.
        ...(local !== undefined || gateways.some(gateway => isIP(gateway) === 6) ? ['IPv6AcceptRA=no'] : []),
        // Equipment that is plugged in later finds the address there.
        ...(local === undefined ? [] : ['ConfigureWithoutCarrier=yes']),
        ...dns.map(server => `DNS=${server}`),
        ...(search.length === 0 ? [] : [`Domains=${search.join(' ')}`]),
        ...ntp.map(server => `NTP=${server}`),
        ...(kind === 'wifi' ? ['IgnoreCarrierLoss=5s'] : []),
      ]),
      local === undefined ? [] : section('Address', [`Address=${local}`, `RouteMetric=${LOCAL_METRIC}`]),
      // Beside DHCP: oobm-fallback@.service takes it away while there is a lease.
      fallback === undefined
        ? []
        : section('Address', [`Address=${fallback}`, 'DuplicateAddressDetection=ipv4', `RouteMetric=${LOCAL_METRIC}`]),
      gateways.flatMap(gateway => section('Route', [`Gateway=${gateway}`, `Metric=${metric}`])),
      // By its MAC address, as in a reservation on the DHCP server, and not by the machine-id of the card.
      dhcp ? section('DHCPv4', ['ClientIdentifier=mac', `RouteMetric=${metric}`, ...useNtp]) : [],
      dhcp ? section('DHCPv6', useNtp) : [],
      section('IPv6AcceptRA', [`RouteMetric=${metric}`]),
    )
    .join('')
}

function matchOf(name: string): string[] {
  // Without Type=: one that the kernel calls wwan0 has another than one that it calls usb0.
  if (name === 'modem') return [`Driver=${DHCP_MODEM_DRIVERS.join(' ')}`]
  // Bridges, tunnels and the like have a Kind=, cards and adapters have none.
  if (name === 'wired') return ['Type=ether', 'Kind=!*']
  return name === 'wifi' ? ['Type=wlan'] : [`Name=${name}`]
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`[${name}]\n${lines.map(line => `${line}\n`).join('')}\n`]
}
