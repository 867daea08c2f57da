/** The site's Wi-Fi networks and 802.1X logins as configurations of wpa_supplicant; pure. */
import { pbkdf2Sync } from 'node:crypto'
import type { InterfaceConfig, Site, WifiConfig } from '../../formats/site-config.ts'

type Eap = NonNullable<WifiConfig['eap']>

/** A certificate or key that a configuration names, readable by root alone. */
export interface NamedFile {
  path: string
  content: string
}

export interface RenderedWpa {
  config: string
  files: NamedFile[]
}

/** By this, `wpa_cli status` says that the second passphrase is in use (wpa_supplicant.conf(5), id_str). */
export const NEXT_ID = 'next'
const CONTROL = 'ctrl_interface=DIR=/run/wpa_supplicant'

/**
 * wpa_supplicant.conf(5). Names and passwords are in hexadecimal digits, which it allows for every string: so none of them
 * can end its line.
 * @param directory of the certificates
 */
export function renderWifi(site: Pick<Site, 'system' | 'wifi'>, directory: string): RenderedWpa {
  const { system } = site
  const { networks, files } = renderNetworks(site, directory)
  const head = [
    CONTROL,
    ...(system.country === undefined ? [] : [`country=${system.country}`]),
    'p2p_disabled=1',
    // WPA3: both ways to derive the element, because a network has one or the other.
    'sae_pwe=2',
  ]
  return { config: `${head.join('\n')}\n${networks.map(({ lines }) => block(lines)).join('')}`, files }
}

/** One that wpa_supplicant knows; a network with two passphrases is two. */
export interface RenderedNetwork {
  ssid: string
  /** Whether it is the one with the second passphrase. */
  isNext: boolean
  priority: number
  /** `key=value`. */
  lines: string[]
}

export function renderNetworks(
  { wifi }: Pick<Site, 'wifi'>,
  directory: string,
): { networks: RenderedNetwork[]; files: NamedFile[] } {
  const files: NamedFile[] = []
  const render = (network: WifiConfig, index: number, isNext: boolean): RenderedNetwork => {
    const { ssid, priority } = network
    const eap = network.eap && renderEap(network.eap, `${directory}/wifi-${index + 1}`, files)
    const lines = [
      `ssid=${hex(ssid)}`,
      ...(isNext ? [`id_str=${hex(NEXT_ID)}`] : []),
      ...(network.hidden ? ['scan_ssid=1'] : []),
      ...(priority === 0 ? [] : [`priority=${priority}`]),
      ...(eap === undefined ? renderKeys(network) : [...enterpriseKeys(network), ...eap]),
    ]
    return { ssid, isNext, priority, lines }
  }
  const networks = wifi.flatMap((network, index) => {
    const { nextPassphrase: passphrase } = network
    const now = render(network, index, false)
    return passphrase === undefined ? [now] : [now, render({ ...network, passphrase }, index, true)]
  })
  return { networks, files }
}

/** The login that a switch asks for on a wired interface (802.1X). */
export function renderWired({ name, eap }: InterfaceConfig, directory: string): RenderedWpa | undefined {
  if (eap === undefined) return undefined
  const files: NamedFile[] = []
  const lines = ['key_mgmt=IEEE8021X', 'eapol_flags=0', ...renderEap(eap, `${directory}/wired-${name}`, files)]
  return { config: `${CONTROL}\nap_scan=0\n${block(lines)}`, files }
}

function renderKeys({ ssid, passphrase, security }: WifiConfig): string[] {
  // Without owe_only an open network of that name would be used, too.
  if (passphrase === undefined)
    return security === 'wpa3' ? ['key_mgmt=OWE', 'ieee80211w=2', 'owe_only=1'] : ['key_mgmt=NONE']
  if (security === 'wpa3') return ['key_mgmt=SAE', 'ieee80211w=2', `sae_password=${hex(passphrase)}`]
  const isKey = passphrase.length === 64
  // IEEE 802.11, J.4.1: computed here, the passphrase need not be quoted.
  const key = isKey ? passphrase.toLowerCase() : pbkdf2Sync(passphrase, ssid, 4096, 32, 'sha1').toString('hex')
  if (security === 'wpa2' || isKey) return ['key_mgmt=WPA-PSK WPA-PSK-SHA256', 'ieee80211w=1', `psk=${key}`]
  return ['key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE', 'ieee80211w=1', `psk=${key}`, `sae_password=${hex(passphrase)}`]
}

function enterpriseKeys({ security }: WifiConfig): string[] {
  if (security === 'wpa3') return ['key_mgmt=WPA-EAP-SHA256', 'ieee80211w=2']
  return ['key_mgmt=WPA-EAP WPA-EAP-SHA256', 'ieee80211w=1']
}

function renderEap(eap: Eap, prefix: string, files: NamedFile[]): string[] {
  const keep = (kind: string, content: string): string => {
    const path = `${prefix}-${kind}.pem`
    files.push({ path, content: content.endsWith('\n') ? content : `${content}\n` })
    return hex(path)
  }
  return [
    `eap=${eap.method.toUpperCase()}`,
    `identity=${hex(eap.identity)}`,
    ...(eap.anonymousIdentity === undefined ? [] : [`anonymous_identity=${hex(eap.anonymousIdentity)}`]),
    ...(eap.method === 'tls' || eap.password === undefined ? [] : [`password=${hex(eap.password)}`]),
    ...(eap.method === 'tls' ? [] : [`phase2=${hex(`auth=${eap.inner.toUpperCase()}`)}`]),
    // A board without a clock cannot check the dates of a certificate: it learns the time only after this login.
    `phase1=${hex('tls_disable_time_checks=1')}`,
    ...(eap.verify && eap.ca !== undefined ? [`ca_cert=${keep('ca', eap.ca)}`] : []),
    ...(eap.verify && eap.domain !== undefined ? [`domain_suffix_match=${hex(eap.domain)}`] : []),
    ...(eap.method !== 'tls' || eap.clientCertificate === undefined || eap.clientKey === undefined
      ? []
      : [
          `client_cert=${keep('certificate', eap.clientCertificate)}`,
          `private_key=${keep('key', eap.clientKey)}`,
          ...(eap.clientKeyPassword === undefined ? [] : [`private_key_passwd=${hex(eap.clientKeyPassword)}`]),
        ]),
  ]
}

function block(lines: readonly string[]): string {
  return `\nnetwork={\n${lines.map(line => `\t${line}\n`).join('')}}\n`
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
