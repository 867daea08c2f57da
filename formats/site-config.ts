/** The settings of a site: what a board needs to get into the network where it stands. They stand in `oobm.toml` alone, for Wi-Fi has secrets. */
import { BlockList, isIP } from 'node:net'
import * as z from 'zod'
import { firstOther } from '../runtime/odd-characters.ts'
import { certificateSchema, checkEap, pemKeySchema } from './eap-config.ts'
import { hostSchema, lineSchema } from './names.ts'

/** RFC 1123: a label, or several with dots; no `_`, which a device's name may have. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

export const systemSchema = z.strictObject({
  /** Host name of the board; the device's name when left out. */
  hostname: z
    .string()
    .max(64, 'must be 64 characters at the most')
    .regex(HOST_NAME, 'must be of a-z 0-9 - and dots, each part beginning and ending with a letter or digit')
    .optional(),
  /** Name of the time zone, as in `Europe/Berlin`. */
  timeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC').default('UTC'),
  /** Time servers; those that DHCP names, else Debian's, when left out. */
  ntp: z.array(hostSchema).default([]),
  /** Where the board stands, ISO 3166: which Wi-Fi channels it may use. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be the two capital letters of a country, such as JP or DE')
    .optional(),
})

const eapSchema = z
  .strictObject({
    method: z.enum(['peap', 'ttls', 'tls'], 'must be "peap", "ttls" or "tls"'),
    /** Who logs in. */
    identity: lineSchema,
    /** What is told in the clear before the encryption stands: `anonymous@example.net`. */
    anonymousIdentity: lineSchema.optional(),
    password: lineSchema.optional(),
    /** How the password is checked inside: MSCHAPv2 with PEAP always; TTLS may also use PAP. */
    inner: z.enum(['mschapv2', 'pap'], 'must be "mschapv2" or "pap"').default('mschapv2'),
    /** Certificate (PEM) of the authority that signed the login server's. */
    ca: certificateSchema.optional(),
    /** The login server's own name, or the domain that it ends with. */
    domain: hostSchema.optional(),
    /** False gives the password to whoever calls himself this network: only where there is no other way. */
    verify: z.boolean('must be true or false').default(true),
    /** `tls`: this board's own certificate and key (PEM). */
    clientCertificate: certificateSchema.optional(),
    clientKey: pemKeySchema.optional(),
    clientKeyPassword: lineSchema.optional(),
  })
  .superRefine(checkEap)

export const wifiSchema = z
  .strictObject({
    /** Name of the network, as it is broadcast. */
    ssid: lineSchema.refine(isSsid, 'must be 1 to 32 bytes (a letter outside a-z may take several)'),
    /** Left out for an open network. */
    passphrase: z
      .string()
      .refine(text => /^([ -~]{8,63}|[0-9a-fA-F]{64})$/.test(text), {
        error: ({ input }) => passphraseProblem(String(input)),
      })
      .optional(),
    /** `auto`: WPA2 and WPA3, whichever the network has. `wpa3`: never less. */
    security: z.enum(['auto', 'wpa2', 'wpa3'], 'must be "auto", "wpa2" or "wpa3"').default('auto'),
    /** It does not broadcast its name: the board must ask for it. */
    hidden: z.boolean('must be true or false').default(false),
    /** The highest that is in reach is taken. */
    priority: z.int('must be a whole number').min(0).max(1000, 'must be 0 to 1000').default(0),
    /** A login of its own instead of a passphrase (WPA-Enterprise). */
    eap: eapSchema.optional(),
  })
  .superRefine(({ passphrase, security, eap }, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (passphrase !== undefined && eap !== undefined) report('passphrase', 'and eap do not go together: one of them')
    if (security === 'wpa3' && passphrase?.length === 64)
      report('passphrase', 'must be the passphrase itself: WPA3 cannot use the 64 digits')
    if (security === 'wpa2' && passphrase === undefined && eap === undefined)
      report('security', 'is "wpa2" without a passphrase or eap')
  })

const addressSchema = z.string().refine(isIpAddress, 'must be an IP address')

export const interfaceSchema = z
  .strictObject({
    /** `eth0`, `wlan0`; or `wired`, `wifi`: each of that kind that has no entry of its own. */
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9._-]{0,14}$/, 'must be an interface such as eth0 or wlan0, or "wired", or "wifi"'),
    /** Fixed addresses with the length of their prefix; without any, DHCP and IPv6 router advertisements give them. */
    addresses: z.array(z.string().refine(isPrefixed, 'must be an address such as 192.0.2.10/24')).default([]),
    gateways: z.array(addressSchema).default([]),
    dns: z.array(addressSchema).default([]),
    /** Domains in which a name without dots is looked for. */
    search: z.array(hostSchema).default([]),
    /** DHCP; left out: yes, unless there are addresses. */
    dhcp: z.boolean('must be true or false').optional(),
    /** A login that the switch asks for (802.1X); wired interfaces only. */
    eap: eapSchema.optional(),
  })
  .superRefine(({ name, addresses, gateways, eap }, context) => {
    const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    for (const [at, gateway] of gateways.entries()) {
      if (!addresses.some(address => reaches(address, gateway)))
        report(['gateways', at], 'is in the network of none of the addresses: nothing could be sent to it')
    }
    if (eap !== undefined && (name === 'wired' || name === 'wifi'))
      report(['eap'], `needs an interface by its own name, such as eth0, in place of "${name}"`)
  })

export const siteShape = {
  system: systemSchema.prefault({}),
  wifi: z.array(wifiSchema).default([]),
  interfaces: z.array(interfaceSchema).default([]),
}

/** A file with the settings of a site alone. */
export const siteSchema = z
  .strictObject({ version: z.literal(1).optional(), ...siteShape })
  .superRefine(checkSite)
  .transform(({ version: _, ...site }) => site)

export type Site = z.output<z.ZodObject<typeof siteShape>>
export type SiteInput = z.input<z.ZodObject<typeof siteShape>>
export type WifiConfig = Site['wifi'][number]
export type InterfaceConfig = Site['interfaces'][number]

/** What holds between the settings of a site. */
export function checkSite({ system, wifi, interfaces }: Site, context: z.core.$RefinementCtx): void {
  const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const [at, { ssid }] of wifi.entries()) {
    if (wifi.findIndex(other => other.ssid === ssid) < at) report(['wifi', at, 'ssid'], 'is there twice')
  }
  for (const [at, { name }] of interfaces.entries()) {
    if (interfaces.findIndex(other => other.name === name) < at) report(['interfaces', at, 'name'], 'is there twice')
  }
  if (wifi.length > 0 && system.country === undefined)
    report(['system', 'country'], 'is missing: Wi-Fi needs to know in which country it is, such as country = "JP"')
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)
  } catch {
    return false
  }
}

/** IEEE 802.11 knows no other characters in one; the characters themselves are a secret. */
function passphraseProblem(text: string): string {
  const other = firstOther(text, /[ -~]/)
  if (other === undefined) return `must be 8 to 63 plain characters, or 64 digits 0-9 a-f (it has ${text.length})`
  return `must be 8 to 63 plain characters, or 64 digits 0-9 a-f: character ${other.position} is ${other.name}`
}

function isSsid(text: string): boolean {
  const { length } = Buffer.from(text)
  return length >= 1 && length <= 32
}

/** Without a scope (`%eth0`), which means nothing in a file. */
function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

function isPrefixed(text: string): boolean {
  const match = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text)
  const version = isIP(match?.[1] ?? '')
  return version !== 0 && Number(match?.[2]) <= (version === 4 ? 32 : 128) && Number(match?.[2]) > 0
}

/** Whether a gateway is on the link that an address is on; IPv6 routers often go by their link-local one (RFC 4861). */
function reaches(address: string, gateway: string): boolean {
  const [own = '', length] = address.split('/')
  const family = isIP(gateway) === 4 ? 'ipv4' : 'ipv6'
  if (isIP(own) !== isIP(gateway)) return false
  const network = new BlockList()
  network.addSubnet(own, Number(length), family)
  if (family === 'ipv6') network.addSubnet('fe80::', 10, family)
  return network.check(gateway, family)
}
