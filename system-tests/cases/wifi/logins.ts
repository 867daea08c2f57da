/** What a site may have, as its own file says it, and what must come of that on the board. */
import type { Guest, Port } from './guest.ts'

/** One login. */
export interface Login {
  name: string
  /** What the site has, by port; by default an access point at wlan1. */
  site: Partial<Record<Port, string[]>>
  /** The file that a person writes, after `[system]`. */
  file(guest: Guest): string
  /** What `wpa_cli status` says of the interface then; without any, it must not get in. */
  status?: Record<string, string>
  /** What the board's journal says when it is refused, nothing when it is to pass the network over; and `oobm doctor` after that. */
  refused?: { said?: string; doctor: RegExp }
  interface?: 'wlan0' | 'eth0'
  /** What else must be so. */
  more?(guest: Guest): Promise<void>
}

export const ACCOUNT = { identity: 'rack1@example.net', password: 'Geheim "1"' }
const PASSPHRASE = 'correct horse battery'
/** Of all that a passphrase may have, as long as it may be. */
const LONGEST = ` !"#$%&'()*+,-./0189:;<=>?@AZ[\\]^_\`az{|}~ ${'x'.repeat(20)}`
const KEY = '0123456789ABCDEFabcdef'.padEnd(64, '7')
const AIR = ['driver=nl80211', 'country_code=JP', 'hw_mode=g', 'channel=1']
const RSN = [...AIR, 'wpa=2', 'rsn_pairwise=CCMP']
export const WPA2: readonly string[] = [...RSN, 'wpa_key_mgmt=WPA-PSK']
const WPA3 = [...RSN, 'wpa_key_mgmt=SAE', 'ieee80211w=2']
const ENTERPRISE = [...RSN, 'wpa_key_mgmt=WPA-EAP']
const OWE = [...RSN, 'wpa_key_mgmt=OWE', 'ieee80211w=2']

const hex = (ssid: string) => `ssid2=${Buffer.from(ssid).toString('hex')}`
const office = hex('Office')
const point = (...lines: string[]) => ({ wlan1: lines })
/** JSON's strings are TOML's too. */
const wifi =
  (ssid: string, ...lines: string[]) =>
  () =>
    `[[wifi]]\nssid = ${JSON.stringify(ssid)}\n${lines.join('\n')}\n`
const secret = (passphrase: string) => `passphrase = ${JSON.stringify(passphrase)}`
const pem = (key: string, text: string) => `${key} = """\n${text}"""\n`
const peap = ({ authority }: Pick<Guest, 'authority'>, password = ACCOUNT.password) =>
  `method = "peap"\nidentity = "${ACCOUNT.identity}"\nanonymous_identity = "anonymous@example.net"\npassword = ${JSON.stringify(password)}\ndomain = "example.net"\n${pem('ca', authority.certificate)}`
const tls = ({ authority, client }: Guest) =>
  `method = "tls"\nidentity = "rack1"\n${pem('ca', authority.certificate)}${pem('client_certificate', client.certificate)}${pem('client_key', client.key)}`
const campus = (lines: string, before = '') => `[[wifi]]\nssid = "Campus"\n${before}[wifi.eap]\n${lines}`

export const LOGINS: readonly Login[] = [
  {
    name: 'WPA2',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('Office', secret(PASSPHRASE)),
    status: { key_mgmt: 'WPA2-PSK' },
    more: async ({ sh }) => {
      equal('power saving', await sh('iw dev wlan0 get power_save'), 'Power save: off')
      equal('the country', await sh('iw reg get | grep -o "country .."'), 'country JP')
      equal('the way to the site', await sh('ping -c 1 -W 5 198.51.100.1 >/dev/null && echo open'), 'open')
      equal(
        'the default route',
        await sh('ip route | grep -o "^default via 198.51.100.1 dev wlan0"'),
        'default via 198.51.100.1 dev wlan0',
      )
    },
  },
  {
    name: 'WPA2, the longest passphrase',
    site: point(office, ...WPA2, `wpa_passphrase=${LONGEST}`),
    file: wifi('Office', secret(LONGEST)),
    status: { key_mgmt: 'WPA2-PSK' },
  },
  {
    name: 'WPA2, the 64 digits',
    site: point(office, ...WPA2, `wpa_psk=${KEY}`),
    file: wifi('Office', secret(KEY)),
    status: { key_mgmt: 'WPA2-PSK' },
  },
  {
    name: 'WPA2, a name with umlauts and an emoji',
    site: point(hex('Büro 東京 🐙'), ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('Büro 東京 🐙', secret(PASSPHRASE)),
    status: { ssid: escaped('Büro 東京 🐙') },
  },
  {
    name: 'WPA2, a name with quotes and backslashes',
    site: point(hex('The "Büro"\\x41 #1 '), ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('The "Büro"\\x41 #1 ', secret(PASSPHRASE)),
    status: { ssid: escaped('The "Büro"\\x41 #1 ') },
  },
  {
    name: 'WPA2, hidden',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`, 'ignore_broadcast_ssid=1'),
    file: wifi('Office', secret(PASSPHRASE), 'hidden = true'),
    status: { key_mgmt: 'WPA2-PSK' },
  },
  {
    name: 'WPA2 and WPA3: takes WPA3',
    site: point(
      office,
      ...RSN,
      'wpa_key_mgmt=WPA-PSK SAE',
      'ieee80211w=1',
      'sae_require_mfp=1',
      `wpa_passphrase=${PASSPHRASE}`,
    ),
    file: wifi('Office', secret(PASSPHRASE)),
    status: { key_mgmt: 'SAE', pmf: '1' },
  },
  {
    name: 'WPA3, hash to element',
    site: point(office, ...WPA3, `sae_password=${LONGEST}`, 'sae_pwe=1'),
    file: wifi('Office', secret(LONGEST), 'security = "wpa3"'),
    status: { key_mgmt: 'SAE', sae_h2e: '1', pmf: '2' },
  },
  {
    name: 'WPA3, hunting and pecking',
    site: point(office, ...WPA3, `sae_password=${PASSPHRASE}`, 'sae_pwe=0'),
    file: wifi('Office', secret(PASSPHRASE)),
    status: { key_mgmt: 'SAE', sae_h2e: '0' },
  },
  {
    name: '"wpa3" takes no WPA2',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('Office', secret(PASSPHRASE), 'security = "wpa3"'),
    refused: { doctor: /WRONG +Wi-Fi wlan0 +none of/ },
  },
  { name: 'open', site: point(office, ...AIR), file: wifi('Office'), status: { key_mgmt: 'NONE' } },
  {
    name: 'encrypted without a passphrase (OWE) is taken by "wpa3" alone',
    site: point(office, ...OWE),
    file: wifi('Office'),
    refused: { doctor: /WRONG +Wi-Fi wlan0 +none of/ },
  },
  {
    name: '"wpa3" without a passphrase takes OWE',
    site: point(office, ...OWE),
    file: wifi('Office', 'security = "wpa3"'),
    status: { key_mgmt: 'OWE' },
  },
  {
    name: '"wpa3" without a passphrase takes nothing open',
    site: point(office, ...AIR),
    file: wifi('Office', 'security = "wpa3"'),
    refused: { doctor: /WRONG +Wi-Fi wlan0 +none of/ },
  },
  {
    name: 'WPA2-Enterprise, PEAP',
    site: point(hex('Campus'), ...ENTERPRISE, 'LOGIN'),
    file: guest => campus(peap(guest)),
    status: { key_mgmt: 'WPA2/IEEE 802.1X/EAP', selectedMethod: '25 (EAP-PEAP)' },
  },
  {
    name: 'WPA2-Enterprise, a certificate of its own',
    site: point(hex('Campus'), ...ENTERPRISE, 'LOGIN'),
    file: guest => campus(tls(guest)),
    status: { key_mgmt: 'WPA2/IEEE 802.1X/EAP', selectedMethod: '13 (EAP-TLS)' },
  },
  {
    name: 'WPA3-Enterprise',
    site: point(hex('Campus'), ...RSN, 'wpa_key_mgmt=WPA-EAP-SHA256', 'ieee80211w=2', 'LOGIN'),
    file: guest => campus(peap(guest), 'security = "wpa3"\n'),
    status: { key_mgmt: 'WPA2-EAP-SHA256', pmf: '2' },
  },
  {
    name: 'two networks: the higher, and the other when that goes',
    site: {
      wlan1: [hex('High'), ...WPA2, `wpa_passphrase=${PASSPHRASE}`],
      wlan2: [hex('Low'), ...WPA2, `wpa_passphrase=${PASSPHRASE} 2`],
    },
    file: () => `${wifi('Low', secret(`${PASSPHRASE} 2`))()}${wifi('High', secret(PASSPHRASE), 'priority = 10')()}`,
    status: { ssid: 'High' },
    more: async ({ sh, close, untilSaid }) => {
      await close('wlan1')
      await untilSaid('wlan0', 'CONNECTED - Connection to 02:00:00:00:02:00')
      await sh(
        'for turn in $(seq 60); do ip -4 -o address show wlan0 | grep -q "inet 203.0.113" && exit 0; sleep 1; done; ip -br address; exit 1',
      )
    },
  },
  {
    name: 'two networks: the other, when the higher refuses the passphrase',
    site: {
      wlan1: [hex('High'), ...WPA2, `wpa_passphrase=${PASSPHRASE} 3`],
      wlan2: [hex('Low'), ...WPA2, `wpa_passphrase=${PASSPHRASE} 2`],
    },
    file: () => `${wifi('Low', secret(`${PASSPHRASE} 2`))()}${wifi('High', secret(PASSPHRASE), 'priority = 10')()}`,
    status: { ssid: 'Low' },
  },
  {
    name: 'a fixed address',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: () =>
      `${wifi('Office', secret(PASSPHRASE))()}[[interfaces]]\nname = "wlan0"\naddresses = ["198.51.100.77/24"]\ngateways = ["198.51.100.1"]\n`,
    status: { ip_address: '198.51.100.77' },
    more: async ({ sh }) =>
      equal('the way to the site', await sh('ping -c 1 -W 5 198.51.100.1 >/dev/null && echo open'), 'open'),
  },
  {
    name: 'a wrong passphrase, WPA2',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('Office', secret('correct horse batteri')),
    refused: { said: 'WRONG_KEY', doctor: /WRONG +Wi-Fi wlan0 +"Office" refuses the passphrase/ },
  },
  {
    name: 'a wrong passphrase, WPA3',
    site: point(office, ...WPA3, `sae_password=${PASSPHRASE}`),
    file: wifi('Office', secret('correct horse batteri')),
    refused: { said: 'AUTH-REJECT|TEMP-DISABLED', doctor: /WRONG +Wi-Fi wlan0 +"Office" refuses the passphrase/ },
  },
  {
    name: 'a wrong password, Enterprise',
    site: point(hex('Campus'), ...ENTERPRISE, 'LOGIN'),
    file: guest => campus(peap(guest, 'geheim')),
    refused: { said: 'EAP-FAILURE', doctor: /WRONG +Wi-Fi wlan0 +"Campus" refuses the login/ },
  },
  {
    name: 'a login server of another authority',
    site: point(hex('Campus'), ...ENTERPRISE, 'LOGIN'),
    file: ({ other }) => campus(peap({ authority: other })),
    refused: { said: 'CERT-ERROR', doctor: /WRONG +Wi-Fi wlan0 +the login server of "Campus" is not trusted/ },
  },
  {
    name: 'nothing in reach',
    site: point(office, ...WPA2, `wpa_passphrase=${PASSPHRASE}`),
    file: wifi('Buero', secret(PASSPHRASE)),
    refused: { doctor: /WRONG +Wi-Fi wlan0 +none of/ },
  },
  {
    name: '802.1X on a cable, PEAP',
    site: { far0: ['driver=wired', 'use_pae_group_addr=1', 'LOGIN'] },
    file: guest => `[[interfaces]]\nname = "eth0"\n[interfaces.eap]\n${peap(guest)}`,
    interface: 'eth0',
    status: { 'Supplicant PAE state': 'AUTHENTICATED' },
  },
]

export function equal(what: string, found: string, wanted: string): void {
  if (found !== wanted)
    throw new Error(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(wanted)} was expected`)
}

/** As wpa_supplicant shows a name (wpa_ssid_txt). */
function escaped(ssid: string): string {
  return [...Buffer.from(ssid)]
    .map(byte => {
      const letter = String.fromCharCode(byte)
      if (letter === '"' || letter === '\\') return `\\${letter}`
      return byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : letter
    })
    .join('')
}
