/** What wpa_supplicant knows of the access points in reach, as networks; pure. */
import * as z from 'zod'
import { nameBytes, nameText } from './network-name.ts'

/** How one gets in. */
const SECURITIES = [
  'open',
  'OWE',
  'WEP',
  'WPA',
  'WPA2',
  'WPA2/WPA3',
  'WPA3',
  'WPA2 login',
  'WPA3 login',
  'other',
] as const
export type Security = (typeof SECURITIES)[number]

export interface AccessPoint {
  /** wpa_supplicant's number of it: later ones are higher. */
  id: number
  bssid: string
  name: Buffer
  frequencyMhz: number
  signalDbm: number
  /** Seconds since it was heard. */
  ageS: number
  security: Security
}

export interface NetworkInReach {
  name: Buffer
  security: Security
  /** Of the strongest access point, like `frequencyMhz`. */
  signalDbm: number
  frequencyMhz: number
  /** All of them, ascending. */
  channels: number[]
  accessPoints: number
}

/** What `oobm wifi scan --json` prints. */
export const reachSchema = z.object({
  version: z.literal(1),
  networks: z.array(
    z.object({
      /** Null where it is no UTF-8: no configuration can name that network. */
      ssid: z.string().nullable(),
      ssidHex: z.string(),
      security: z.enum(SECURITIES),
      signalDbm: z.number(),
      frequencyMhz: z.number(),
      band: z.string(),
      channels: z.array(z.number()),
      accessPoints: z.int(),
      /** Whether the device has it in its settings. */
      known: z.boolean(),
    }),
  ),
})

export function reachDocument(
  networks: readonly NetworkInReach[],
  known: readonly { ssid: string }[],
): z.output<typeof reachSchema> {
  return {
    version: 1,
    networks: networks.map(({ name, frequencyMhz, ...network }) => {
      const ssid = nameText(name) ?? null
      const isKnown = known.some(one => one.ssid === ssid)
      return {
        ssid,
        ssidHex: name.toString('hex'),
        ...network,
        frequencyMhz,
        band: bandOf(frequencyMhz),
        known: isKnown,
      }
    }),
  }
}

/** WPA_BSS_MASK_ID, _BSSID, _FREQ, _LEVEL, _AGE, _FLAGS, _SSID (wpa_ctrl.h). An answer has 4 KB, so that it takes several. */
const MASK = '0x1a87'

export function askFrom(id: number): string {
  return `bss RANGE=${id}- MASK=${MASK}`
}

/** @param lines of the answer: `key=value`, each access point from its id on; one that is cut short is left out */
export function readAccessPoints(lines: readonly string[]): AccessPoint[] {
  const found: Record<string, string>[] = []
  for (const line of lines) {
    const at = line.indexOf('=')
    const key = line.slice(0, at)
    if (key === 'id') found.push({})
    const last = found.at(-1)
    if (last !== undefined && at > 0) last[key] = line.slice(at + 1)
  }
  return found.flatMap(({ id, bssid, freq, level, age, flags, ssid }) => {
    const numbers = [id, freq, level, age].map(Number)
    if (bssid === undefined || flags === undefined || ssid === undefined || numbers.some(Number.isNaN)) return []
    const [number = 0, frequencyMhz = 0, signalDbm = 0, ageS = 0] = numbers
    return [
      { ...{ id: number, bssid, frequencyMhz, signalDbm, ageS }, name: nameBytes(ssid), security: securityOf(flags) },
    ]
  })
}

/** The strongest first; access points of one name and one kind are one network. */
export function networksOf(points: readonly AccessPoint[]): NetworkInReach[] {
  const networks = new Map<string, NetworkInReach>()
  for (const { name, security, signalDbm, frequencyMhz } of points.toSorted((a, b) => b.signalDbm - a.signalDbm)) {
    // Who hides a name need not be the same as another who does.
    const key = `${name.toString('hex')} ${security}`
    const known = networks.get(key)
    const channel = channelOf(frequencyMhz)
    if (known === undefined)
      networks.set(key, { name, security, signalDbm, frequencyMhz, channels: [channel], accessPoints: 1 })
    else {
      known.accessPoints += 1
      if (!known.channels.includes(channel)) known.channels = [...known.channels, channel].sort((a, b) => a - b)
    }
  }
  return [...networks.values()]
}

/** From `[WPA2-PSK+SAE-CCMP][ESS]` (wpa_supplicant_ie_txt() in its source). */
export function securityOf(flags: string): Security {
  const suites = [...flags.matchAll(/\[(WPA|WPA2|RSN|OSEN)-([^\]]*)\]/g)]
  const methods = suites.flatMap(([, , text = '']) => methodsIn(text))
  const has = (...names: string[]) => names.some(name => methods.includes(name))
  if (has('EAP', 'FT/EAP')) return 'WPA2 login'
  // WPA3-Enterprise allows these and nothing weaker.
  if (methods.some(name => /^(FT\/)?EAP-/.test(name))) return 'WPA3 login'
  const isSae = has('SAE', 'FT/SAE', 'SAE-EXT-KEY', 'FT/SAE-EXT-KEY')
  const isPsk = has('PSK', 'FT/PSK', 'PSK-SHA256')
  if (isSae) return isPsk ? 'WPA2/WPA3' : 'WPA3'
  if (isPsk) return suites.some(([, kind]) => kind !== 'WPA') ? 'WPA2' : 'WPA'
  if (has('OWE')) return 'OWE'
  if (suites.length > 0) return 'other'
  return flags.includes('[WEP]') ? 'WEP' : 'open'
}

/** `EAP+PSK-CCMP+TKIP-preauth`: key managements, of which some have a dash themselves, then ciphers. */
function methodsIn(text: string): string[] {
  const [methods = ''] = /^.*?(?=-(?:CCMP|GCMP|TKIP|WEP|NONE|preauth)|$)/.exec(text) ?? []
  return methods.split('+')
}

/** IEEE 802.11, 17.3.8.4 and annex E. */
export function channelOf(frequencyMhz: number): number {
  if (frequencyMhz === 2484) return 14
  if (frequencyMhz < 2484) return (frequencyMhz - 2407) / 5
  if (frequencyMhz === 5935) return 2
  return frequencyMhz >= 5955 ? (frequencyMhz - 5950) / 5 : (frequencyMhz - 5000) / 5
}

export function bandOf(frequencyMhz: number): string {
  if (frequencyMhz < 3000) return '2.4 GHz'
  return frequencyMhz < 5930 ? '5 GHz' : '6 GHz'
}

/** What a person makes of it; a login over it wants about -70. */
export function describeSignal(signalDbm: number): string {
  const word = signalDbm >= -60 ? 'good' : signalDbm >= -70 ? 'fair' : 'weak'
  return `${signalDbm} dBm ${word}`
}
