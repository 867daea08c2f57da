/** The hotspot as files for wpa_supplicant, systemd-networkd and the programs that show it; pure. */
import { pbkdf2Sync } from 'node:crypto'
import {
  HOTSPOT_BANDS,
  type HotspotConfig,
  type HotspotSpec,
  SSID_MAX_BYTES,
  WIFI_INTERFACE,
} from '../../formats/hotspot.ts'
import type { Site } from '../../formats/site-config.ts'
import { LOCAL_METRIC } from './render-networkd.ts'

export interface RenderedHotspot {
  /** For everybody to read. */
  spec: HotspotSpec
  /** wpa_supplicant.conf(5); with the key. */
  wpa: string
  /** systemd.network(5); `hotspot` puts it where networkd finds it, for as long as the radio is a hotspot. */
  network: string
}

/**
 * @param device names the hotspot where the settings do not; undefined on a device without settings
 * @returns undefined where there is none
 */
export function renderHotspot(
  { system, wifi, hotspot }: Pick<Site, 'system' | 'wifi' | 'hotspot'>,
  device: string | undefined,
): RenderedHotspot | undefined {
  const { enabled, passphrase, interface: name, address, automatic } = hotspot
  if (!enabled || passphrase === undefined) return undefined
  const ssid = hotspot.ssid ?? defaultSsid(device)
  const spec = {
    ...{ version: 1 as const, interface: name, ssid, address: address.split('/')[0] ?? '', automatic },
    isAlsoClient: name === WIFI_INTERFACE && wifi.length > 0,
  }
  return {
    spec,
    wpa: renderAccessPoint(hotspot, passphrase, ssid, system.country),
    network: renderNetwork(name, address),
  }
}

function renderAccessPoint(
  { band }: Pick<HotspotConfig, 'band'>,
  passphrase: string,
  ssid: string,
  country: string | undefined,
): string {
  const lines = [
    `ssid=${Buffer.from(ssid).toString('hex')}`,
    'mode=2',
    `frequency=${HOTSPOT_BANDS[band].frequencyMhz}`,
    // WPA2 alone, and without protected management frames: what every radio can do as an access point.
    ...['key_mgmt=WPA-PSK', 'proto=RSN', 'pairwise=CCMP', 'group=CCMP', 'ieee80211w=0'],
    // IEEE 802.11, J.4.1: computed here, the passphrase need not be quoted.
    `psk=${pbkdf2Sync(passphrase, ssid, 4096, 32, 'sha1').toString('hex')}`,
  ]
  const head = [
    // Not where the logins to networks are: who changes those means no access point.
    'ctrl_interface=DIR=/run/oobm-hotspot/wpa',
    ...(country === undefined ? [] : [`country=${country}`]),
    'p2p_disabled=1',
    // Without a scan for such a network before.
    'ap_scan=2',
    // Whoever is on it reaches the board, and not each other.
    'ap_isolate=1',
  ]
  return `${head.join('\n')}\n\nnetwork={\n${lines.map(line => `\t${line}\n`).join('')}}\n`
}

/** It leads nowhere: no gateway and no name server is named, so that a phone keeps its own way to the internet. */
function renderNetwork(name: string, address: string): string {
  return `[Match]
Name=${name}

[Link]
RequiredForOnline=no

[Network]
DHCP=no
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
DHCPServer=yes

[Address]
Address=${address}
RouteMetric=${LOCAL_METRIC}

[DHCPServer]
EmitDNS=no
EmitNTP=no
EmitRouter=no
DefaultLeaseTimeSec=600
MaxLeaseTimeSec=3600
`
}

/** Cut where it is too long, and never within a letter. */
function defaultSsid(device: string | undefined): string {
  let ssid = ''
  for (const letter of `oobm-${device ?? ''}`) {
    if (Buffer.byteLength(ssid + letter) > SSID_MAX_BYTES) break
    ssid += letter
  }
  return ssid
}
