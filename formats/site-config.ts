/** The settings of a site: what a board needs to connect to the network there. They are in `oobm.toml` only, because Wi-Fi has secrets. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { firstOther } from '../runtime/odd-characters.ts'
import { cellularList } from './cellular-settings.ts'
import { dhcpServerProblems, dhcpServerSettings, servedRange } from './dhcp-server.ts'
import { eapSchema } from './eap-config.ts'
import { firstInstallationSchema } from './first-installation.ts'
import { hotspotProblems, hotspotSchema, isSsid } from './hotspot.ts'
import { isInterfaceKind, ROLES, roleProblems } from './interface-roles.ts'
import { isHostAddress, isIpAddress, isPrefixed, overlaps, reaches } from './ip-networks.ts'
import { languageSchema } from './languages.ts'
import { hostSchema, lineSchema } from './names.ts'
import { outletSecretsSchema } from './outlets.ts'
import { isTimeZone } from './time-zone.ts'

/** RFC 1123: a label, or several with dots; no `_`, which a device's name may have. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

const systemSchema = z.strictObject({
  hostname: z
    .string()
    .max(64, 'must have at most 64 characters')
    .regex(HOST_NAME, 'must be of a-z 0-9 - and dots, each part beginning and ending with a letter or digit')
    .optional()
    .meta({ description: 'host name of the board', whenLeftOut: 'default: the name of the device', example: 'rack1' }),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC')
    .default('UTC')
    .meta({ description: 'time zone of the times that people read, as in `Europe/Berlin`' }),
  ntp: z
    .array(hostSchema)
    .default([])
    .meta({ description: 'time servers', whenLeftOut: "default: those that DHCP names, or else Debian's" }),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be the two capital letters of a country, such as JP or DE')
    .optional()
    .meta({
      description: 'country of the board in two letters (ISO 3166): which Wi-Fi channels it may use',
      whenLeftOut: 'required with Wi-Fi',
      example: 'JP',
    }),
  language: languageSchema.default('en').meta({
    description: 'language of what field staff read and hear',
    details: 'Texts on the card are in both languages, this one first.',
  }),
})

/** Who may have brought a network beside `oobm.toml`: `oobm wifi` on the device, or a signed document. */
const SOURCES = ['hand', 'document'] as const

export const passphraseSchema = z.string().refine(text => /^([ -~]{8,63}|[0-9a-fA-F]{64})$/.test(text), {
  error: ({ input }) => passphraseProblem(String(input)),
})

export const ssidSchema = lineSchema.refine(isSsid, 'must be 1 to 32 bytes (a letter outside a-z may take several)')

const wifiSchema = z
  .strictObject({
    ssid: ssidSchema.meta({ description: 'name of the network, as it is broadcast', example: 'Office' }),
    passphrase: passphraseSchema.optional().meta({
      description: '8 to 63 characters, or 64 hexadecimal digits',
      whenLeftOut: 'default: an open network',
      example: 'correct horse battery',
      secret: 'text',
    }),
    nextPassphrase: passphraseSchema.optional().meta({
      description: 'a second passphrase, which the board tries when the network refuses the first',
      details: 'For a network whose passphrase will change: the board has both, and needs nobody on that day.',
      example: 'a new passphrase',
      secret: 'text',
    }),
    security: z.enum(['auto', 'wpa2', 'wpa3'], 'must be "auto", "wpa2" or "wpa3"').default('auto').meta({
      description: 'which WPA the network has; `auto` takes WPA2 or WPA3',
      details: '`wpa3` never takes less; without a passphrase it is OWE.',
    }),
    hidden: z
      .boolean('must be true or false')
      .default(false)
      .meta({ description: 'whether the network hides its name, so that the board must ask for it' }),
    priority: z
      .int('must be a whole number')
      .min(0)
      .max(1000, 'must be 0 to 1000')
      .default(0)
      .meta({ description: 'of several networks in reach, the board takes the one with the highest' }),
    eap: eapSchema.optional().meta({ description: 'a login in place of a passphrase (WPA-Enterprise)' }),
    source: z.enum(SOURCES).optional().meta({ description: 'who brought it, if not oobm.toml', isInternal: true }),
  })
  .superRefine(({ passphrase, nextPassphrase, security, eap }, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (passphrase !== undefined && eap !== undefined)
      report('passphrase', 'does not go together with eap: use one of them')
    if (nextPassphrase !== undefined && passphrase === undefined)
      report('nextPassphrase', 'is a second passphrase, and there is no first')
    if (security === 'wpa3' && passphrase?.length === 64)
      report('passphrase', 'must be the passphrase itself: WPA3 cannot use the 64 digits')
    if (security === 'wpa3' && nextPassphrase?.length === 64)
      report('nextPassphrase', 'must be the passphrase itself: WPA3 cannot use the 64 digits')
    if (security === 'wpa2' && passphrase === undefined && eap === undefined)
      report('security', 'is "wpa2" without a passphrase or eap')
  })

const addressSchema = z.string().refine(isIpAddress, 'must be an IP address')
const hostAddressSchema = z
  .string()
  .refine(isHostAddress, 'must be the IPv4 address of a host with its network, such as 192.168.77.1/24')

const interfaceSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9._-]{0,14}$/,
        'must be an interface such as eth0 or wlan0, or "wired", "wifi" or "modem"',
      )
      .meta({
        description: '`eth0`, `wlan0`; `wired`, `wifi` and `modem` are all of that kind without an entry of their own',
        example: 'eth0',
      }),
    role: z.enum(ROLES, 'must be "client", "static" or "router"').optional().meta({
      description: 'what a wired port is for',
      whenLeftOut: 'default: as client, or what addresses say',
      details:
        '`client` asks DHCP, and may have a `fallback`. `static` has one `address`: with a `gateway` it leads out, without one it is for equipment and laptops beside the board. `router` has an `address`, too, and leads those who are plugged in there out by the other interfaces.',
      example: 'static',
    }),
    address: hostAddressSchema.optional().meta({
      description: 'the address of a port with the role `static` or `router`, with its network',
      whenLeftOut: 'required with these roles',
      example: '192.168.77.1/24',
    }),
    gateway: addressSchema
      .refine(text => isIP(text) !== 6, 'must be an IPv4 address')
      .optional()
      .meta({
        description: 'router of a port with the role `static`',
        whenLeftOut: 'default: none, and the port is for those beside the board',
        example: '192.168.77.254',
      }),
    addresses: z.array(z.string().refine(isPrefixed, 'must be an address such as 192.0.2.10/24')).default([]).meta({
      description: 'fixed addresses of an interface without a role, such as 192.0.2.10/24',
      whenLeftOut: 'default: those of DHCP and IPv6 router advertisements',
    }),
    gateways: z.array(addressSchema).default([]).meta({ description: 'routers, within reach of the addresses' }),
    dns: z.array(addressSchema).default([]).meta({ description: 'name servers' }),
    search: z
      .array(hostSchema)
      .default([])
      .meta({ description: 'domains in which the board looks for a name without dots' }),
    dhcp: z.boolean('must be true or false').optional().meta({
      description: 'whether the board asks for an address by DHCP, beside the fixed ones',
      whenLeftOut: 'default: true without addresses, false with addresses',
      example: false,
    }),
    fallback: hostAddressSchema.optional().meta({
      description: 'address that the interface has while DHCP gives it none; it goes without `addresses`',
      example: '192.168.77.1/24',
      details: 'For a laptop beside the board. It has no gateway: nothing leaves the board by it.',
    }),
    ...dhcpServerSettings,
    eap: eapSchema.optional().meta({ description: 'a login that the switch asks for (802.1X)', sameAs: 'wifi.eap' }),
  })
  .superRefine((entry, context) => {
    const { name, addresses, gateways, dhcp, fallback, eap } = entry
    const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    for (const [key, message] of roleProblems(entry)) report([key], message)
    for (const [key, message] of dhcpServerProblems(entry)) report([key], message)
    for (const [at, gateway] of gateways.entries()) {
      if (!addresses.some(address => reaches(address, gateway)))
        report(['gateways', at], 'is in the network of no address: the device cannot reach it')
    }
    for (const [key, value] of Object.entries({ eap, fallback })) {
      if (value !== undefined && isInterfaceKind(name))
        report([key], `needs an interface by its own name, such as eth0, in place of "${name}"`)
    }
    if (fallback !== undefined && addresses.length > 0)
      report(['fallback'], 'does not go together with addresses, which the interface always has: use one of them')
    else if (fallback !== undefined && dhcp === false)
      report(['fallback'], 'is for an interface with DHCP, and dhcp is false: write it as addresses')
  })

export const siteShape = {
  system: systemSchema.prefault({}).meta({ description: 'the host name and the time of the board, and where it is' }),
  wifi: z
    .array(wifiSchema)
    .default([])
    .meta({ description: 'a Wi-Fi network; as many as may be in reach', identity: ['ssid'] }),
  interfaces: z
    .array(interfaceSchema)
    .default([])
    .meta({ description: 'the addresses of a network interface', identity: ['name'] }),
  outletSecrets: outletSecretsSchema,
  firstInstallation: z
    .array(firstInstallationSchema)
    .default([])
    .meta({
      description: 'what equipment without a configuration is told by the DHCP server of this board',
      details: 'Where several are for one piece of equipment, the first is taken.',
      identity: ['name'],
    }),
  cellular: cellularList,
  hotspot: hotspotSchema
    .prefault({})
    .meta({ description: 'a Wi-Fi of the board itself, for those beside it (docs/hotspot.md)' }),
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

/** Checks between the settings of a site. */
export function checkSite(
  { system, wifi, interfaces, outletSecrets, firstInstallation, hotspot }: Site,
  context: z.core.$RefinementCtx,
): void {
  const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const [at, { ssid }] of wifi.entries()) {
    if (wifi.findIndex(other => other.ssid === ssid) < at) report(['wifi', at, 'ssid'], 'is listed twice')
  }
  for (const [at, { name }] of interfaces.entries()) {
    if (interfaces.findIndex(other => other.name === name) < at) report(['interfaces', at, 'name'], 'is listed twice')
  }
  for (const [at, { address }] of interfaces.entries()) {
    if (address === undefined || !isHostAddress(address)) continue
    for (const [other, { name, ...theirs }] of interfaces.entries()) {
      // Two that have roles are named once.
      if (other === at || (theirs.address !== undefined && other > at)) continue
      const all = [theirs.address, theirs.fallback, ...theirs.addresses].filter(one => one !== undefined)
      const same = all.find(one => isPrefixed(one) && overlaps(address, one))
      if (same !== undefined)
        report(['interfaces', at, 'address'], `is in the same network as ${same} of ${name}: each port needs its own`)
    }
  }
  for (const [at, { outlet }] of outletSecrets.entries()) {
    if (outletSecrets.findIndex(other => other.outlet === outlet) < at)
      report(['outletSecrets', at, 'outlet'], 'is listed twice')
  }
  for (const [at, { name }] of firstInstallation.entries()) {
    if (firstInstallation.findIndex(other => other.name === name) < at)
      report(['firstInstallation', at, 'name'], 'is listed twice')
  }
  if (firstInstallation.length > 0 && interfaces.every(entry => servedRange(entry) === undefined))
    report(
      ['firstInstallation', 0, 'name'],
      'is for a port that gives addresses, and there is none: one with the role router, or with dhcp_server = true',
    )
  if ((wifi.length > 0 || hotspot.enabled) && system.country === undefined)
    report(['system', 'country'], 'is missing: Wi-Fi needs to know in which country it is, such as country = "JP"')
  const addresses = interfaces.flatMap(({ name, address, fallback, addresses }) =>
    [address, fallback, ...addresses].flatMap(one => (one === undefined ? [] : [{ name, address: one }])),
  )
  for (const [key, message] of hotspotProblems(hotspot, addresses)) report(['hotspot', key], message)
}

/** IEEE 802.11 allows no other characters. The message does not repeat the text, which is a secret. */
function passphraseProblem(text: string): string {
  const other = firstOther(text, /[ -~]/)
  if (other === undefined) return `must be 8 to 63 plain characters, or 64 digits 0-9 a-f (it has ${text.length})`
  return `must be 8 to 63 plain characters, or 64 digits 0-9 a-f: character ${other.position} is ${other.name}`
}
