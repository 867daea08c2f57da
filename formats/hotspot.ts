/** The hotspot of the board itself: its settings, what `oobm provision` hands on of them, and what it says while it is on. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { firstOther } from '../runtime/odd-characters.ts'
import { isHostAddress, isPrefixed, overlaps } from './ip-networks.ts'
import { lineSchema } from './names.ts'
import { readStatus } from './status-file.ts'

/** Bands, and the channel that the hotspot takes there: nowhere forbidden, and none that must make way for radar. */
export const HOTSPOT_BANDS = {
  '2.4GHz': { channel: 6, frequencyMhz: 2437 },
  '5GHz': { channel: 36, frequencyMhz: 5180 },
} as const
export type HotspotBand = keyof typeof HOTSPOT_BANDS
const BANDS = Object.keys(HOTSPOT_BANDS) as [HotspotBand, ...HotspotBand[]]

/** The radio of a board, which logs in to the site's networks; udev and the image name it so. */
export const WIFI_INTERFACE = 'wlan0'

/** Bytes of the name of a network (IEEE 802.11, 9.4.2.2). */
export const SSID_MAX_BYTES = 32

export function isSsid(text: string): boolean {
  const { length } = Buffer.from(text)
  return length >= 1 && length <= SSID_MAX_BYTES
}

const passphraseSchema = z.string().refine(text => /^[ -~]{8,63}$/.test(text), {
  error: ({ input }) => passphraseProblem(String(input)),
})

/** It gives addresses of this network: too small, and there is none for a laptop; too large, and it is everybody's. */
const addressSchema = z
  .string()
  .refine(isHostAddress, 'must be the IPv4 address of a host with its network, such as 192.168.76.1/24')
  .refine(
    text => !isHostAddress(text) || isOfGoodSize(text),
    'must have a network of /16 to /28, such as 192.168.76.1/24',
  )

export const hotspotSchema = z.strictObject({
  enabled: z.boolean('must be true or false').default(false).meta({
    description: 'whether the board may become a hotspot',
    details: 'It needs a passphrase: it is never open.',
  }),
  passphrase: passphraseSchema.optional().meta({
    description: 'passphrase of the hotspot (WPA2), 8 to 63 characters',
    whenLeftOut: 'required with `enabled`',
    example: 'correct horse battery',
    secret: 'text',
  }),
  ssid: lineSchema.refine(isSsid, 'must be 1 to 32 bytes (a letter outside a-z may take several)').optional().meta({
    description: 'name of the hotspot',
    whenLeftOut: 'default: `oobm-` and the name of the device',
    example: 'oobm-rack1',
  }),
  interface: z
    .string()
    .regex(/^wl[a-z0-9]{1,13}$/, 'must be the name of a wireless interface, such as wlan0 or wlan1')
    .default(WIFI_INTERFACE)
    .meta({
      description: 'radio of the hotspot',
      details: `Another one than \`${WIFI_INTERFACE}\`, which logs in to networks, can be a hotspot beside that.`,
    }),
  address: addressSchema.default('192.168.76.1/24').meta({
    description: 'address of the board on its hotspot, with its network; the others get theirs by DHCP',
  }),
  band: z
    .enum(BANDS, 'must be "2.4GHz" or "5GHz"')
    .default('2.4GHz')
    .meta({ description: 'band of the hotspot', details: 'A Zero W has 2.4 GHz alone.' }),
  automatic: z.boolean('must be true or false').default(true).meta({
    description: 'whether it starts by itself while no way out is proved for 5 minutes',
    details: 'Otherwise by the button or by `oobm hotspot on` alone.',
  }),
})

export type HotspotConfig = z.output<typeof hotspotSchema>

/** What does not go together with the rest of the site: key and message. */
export function* hotspotProblems(
  { enabled, passphrase, address }: HotspotConfig,
  others: readonly { name: string; address: string }[],
): Generator<['passphrase' | 'address', string]> {
  if (!enabled) return
  if (passphrase === undefined) yield ['passphrase', 'is missing: a hotspot is never open']
  const same = others.find(one => isPrefixed(one.address) && isHostAddress(address) && overlaps(address, one.address))
  if (same !== undefined)
    yield ['address', `is in the same network as ${same.address} of ${same.name}: the hotspot needs its own`]
}

/** `/run/oobm-provision/hotspot-IF`, for everybody to read: all but the passphrase. */
export const hotspotSpecSchema = z.object({
  version: z.literal(1),
  interface: z.string(),
  ssid: z.string(),
  /** IPv4, without its length. */
  address: z.string(),
  automatic: z.boolean(),
  /** Whether the same radio logs in to networks while it is no hotspot. */
  isAlsoClient: z.boolean(),
})

export type HotspotSpec = z.output<typeof hotspotSpecSchema>

/** `/run/oobm-hotspot/status.json`, which the hotspot writes while it is on. Milliseconds since the boot. */
const hotspotStatusSchema = z.object({
  version: z.literal(1),
  interface: z.string(),
  since: z.int(),
  at: z.int(),
  /** Devices that have joined it. */
  devices: z.int(),
  /** Since when nobody is on it; null while somebody is. A device that does not speak with the board for half an hour is nobody. */
  quietSince: z.int().nullable(),
  /** When it ends by itself unless somebody comes; null where it does not. */
  endsAt: z.int().nullable(),
})

export type HotspotStatus = z.output<typeof hotspotStatusSchema>

export function hotspotSpecPath(provisioningDirectory: string, name: string): string {
  return join(provisioningDirectory, `hotspot-${name}`)
}

/** The one that `oobm provision` has handed on. @returns undefined where there is no hotspot in the settings */
export async function readHotspotSpec(provisioningDirectory: string): Promise<HotspotSpec | undefined> {
  const names = await readdir(provisioningDirectory).catch(() => [])
  const name = names.find(file => /^hotspot-[^.]+$/.test(file))
  if (name === undefined) return undefined
  return readStatus(join(provisioningDirectory, name), hotspotSpecSchema).catch(() => undefined)
}

/** @returns undefined while it is off */
export function readHotspotStatus(env: NodeJS.ProcessEnv): Promise<HotspotStatus | undefined> {
  return readStatus(hotspotStatusPath(env), hotspotStatusSchema).catch(() => undefined)
}

export function hotspotStatusPath(env: NodeJS.ProcessEnv): string {
  return join(env.OOBM_HOTSPOT_RUNTIME_DIRECTORY ?? '/run/oobm-hotspot', 'status.json')
}

/** Whether somebody is on the hotspot now: what ends it would cut them off. */
export async function hasSomebody(env: NodeJS.ProcessEnv): Promise<boolean> {
  const status = await readHotspotStatus(env)
  return status !== undefined && status.quietSince === null
}

function isOfGoodSize(address: string): boolean {
  const length = Number(address.split('/')[1])
  return length >= 16 && length <= 28
}

/** IEEE 802.11, J.4.1. The message does not repeat the text, which is a secret. */
function passphraseProblem(text: string): string {
  const other = firstOther(text, /[ -~]/)
  if (other === undefined) return `must be 8 to 63 plain characters (it has ${text.length})`
  return `must be 8 to 63 plain characters: character ${other.position} is ${other.name}`
}
