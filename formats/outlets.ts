/** The outlets that feed targets: their settings, and what must hold between them, consoles and technicians. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { firstOther } from '../runtime/odd-characters.ts'
import { lineSchema, nameSchema } from './names.ts'
import { pinSchema } from './pins.ts'

/** How each kind is switched; `oobm-power` has the effect. */
export const OUTLET_KINDS = ['gpio', 'shelly', 'shelly-gen1', 'tasmota', 'exec'] as const
export type OutletKind = (typeof OUTLET_KINDS)[number]

/** Kinds that are asked over HTTP, and their first channel as their makers count. */
export const HTTP_KINDS: Partial<Record<OutletKind, { firstChannel: number; user: string }>> = {
  shelly: { firstChannel: 0, user: 'admin' },
  'shelly-gen1': { firstChannel: 0, user: 'admin' },
  tasmota: { firstChannel: 1, user: 'admin' },
}

/** Seconds in which an outlet is switched at most once: relays and power supplies wear. */
export const SWITCH_PACE_S = 5

/** What a console may have: more supplies than that has no equipment beside one box. */
const OUTLETS_OF_A_CONSOLE = 8
const OUTLETS_MAX = 64

const addressSchema = z
  .string()
  .refine(
    text => parseOutletAddress(text) !== undefined,
    'must be an IP address, with a port if it is not 80, such as 192.0.2.30 or 192.0.2.30:8080: a name may not be found when it is needed',
  )

const hostAddressSchema = z
  .string()
  .refine(text => isIP(text) !== 0, 'must be an IP address: a name may not be found when it is needed')

/** @returns undefined for what is no address */
export function parseOutletAddress(text: string): { host: string; port: number } | undefined {
  if (isIP(text) !== 0) return { host: text, port: 80 }
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits ?? 80)
  return isIP(host) === 0 || port < 1 || port > 65_535 ? undefined : { host, port }
}

export const outletSchema = z
  .strictObject({
    name: nameSchema.meta({
      description: 'what it is called in messages and in the `outlets` of a console',
      example: 'core-sw1-a',
    }),
    kind: z.enum(OUTLET_KINDS, `must be ${OUTLET_KINDS.map(kind => `"${kind}"`).join(', ')}`).meta({
      description: 'how it is switched',
      details:
        '`gpio` is a relay at a pin of the board; `shelly` (second generation and later), `shelly-gen1` and `tasmota` are asked over HTTP; `exec` is a program that root puts into `/etc/oobm/power/NAME` on the device (docs/power.md).',
    }),
    address: addressSchema.optional().meta({
      description: 'address of a Shelly or Tasmota, with its port if that is not 80',
      whenLeftOut: 'required for `shelly`, `shelly-gen1` and `tasmota`',
      example: '192.0.2.30',
    }),
    channel: z.int('must be a whole number').min(0).max(63).optional().meta({
      description: 'which of its outputs, as the maker counts: Shelly from 0, Tasmota from 1',
      whenLeftOut: 'default: the first',
      example: 0,
    }),
    user: lineSchema
      .refine(text => !text.includes(':'), 'must not have a colon in it (RFC 7617)')
      .optional()
      .meta({
        description: 'login name of a `shelly-gen1` or a `tasmota`; its password is in `outlet_secrets`',
        whenLeftOut: 'default: "admin"',
        example: 'admin',
      }),
    pin: pinSchema.optional().meta({
      description: 'BCM number of the pin of the relay, for `gpio`',
      whenLeftOut: 'required for `gpio`',
      example: 27,
    }),
    activeLow: z.boolean('must be true or false').default(false).meta({
      description: 'whether the outlet has power while the pin is low, for `gpio`',
      details: 'docs/power.md says how to wire a relay so that the target keeps its power when the board has none.',
    }),
    hosts: z
      .array(hostAddressSchema)
      .max(16)
      .default([])
      .meta({
        description: 'addresses that the program of an `exec` outlet may reach; it reaches no others',
        example: ['192.0.2.9'],
      }),
    self: z.boolean('must be true or false').default(false).meta({
      description: 'whether it feeds this box, or what its uplink needs',
      details:
        'Then `off` is refused, and of an outlet over HTTP, `cycle` is done by its own timer: nobody could ask it to switch on again.',
    }),
    offTimeS: z.int('must be a whole number').min(5, 'must be 5 or more').max(120).default(10).meta({
      description: 'time for which `cycle` leaves it off; of several outlets, the longest counts',
      unit: 's',
    }),
    onDelayS: z.int('must be a whole number').min(0).max(60).default(2).meta({
      description: 'time before it is switched on after the one before it, where several feed one console',
      unit: 's',
    }),
    afterBoot: z.enum(['keep', 'on', 'off'], 'must be "keep", "on" or "off"').default('keep').meta({
      description: 'what becomes of it once each time the board starts',
      details: '`keep` drives the pin of a `gpio` outlet as it was asked for last, and leaves all others as they are.',
    }),
  })
  .superRefine((outlet, context) => {
    for (const { key, message } of problemsOf(outlet)) context.addIssue({ code: 'custom', path: [key], message })
  })

export type OutletConfig = z.output<typeof outletSchema>

function* problemsOf(outlet: {
  kind: OutletKind
  address?: string | undefined
  channel?: number | undefined
  user?: string | undefined
  pin?: number | undefined
  activeLow: boolean
  hosts: readonly string[]
  self: boolean
  afterBoot: string
}): Generator<{ key: string; message: string }> {
  const { kind, address, channel, user, pin, activeLow, hosts, self, afterBoot } = outlet
  const http = HTTP_KINDS[kind]
  const own: Record<string, { isSet: boolean; isFor: boolean; kinds: string }> = {
    address: { isSet: address !== undefined, isFor: http !== undefined, kinds: 'shelly, shelly-gen1 and tasmota' },
    channel: { isSet: channel !== undefined, isFor: http !== undefined, kinds: 'shelly, shelly-gen1 and tasmota' },
    user: {
      isSet: user !== undefined,
      isFor: http !== undefined && kind !== 'shelly',
      kinds: 'shelly-gen1 and tasmota',
    },
    pin: { isSet: pin !== undefined, isFor: kind === 'gpio', kinds: 'gpio' },
    activeLow: { isSet: activeLow, isFor: kind === 'gpio', kinds: 'gpio' },
    hosts: { isSet: hosts.length > 0, isFor: kind === 'exec', kinds: 'exec' },
  }
  for (const [key, { isSet, isFor, kinds }] of Object.entries(own))
    if (isSet && !isFor) {
      const always = key === 'user' && kind === 'shelly' ? '; the login of a shelly is always "admin"' : ''
      yield { key, message: `is for outlets of the kind ${kinds}, and this one is "${kind}"${always}` }
    }
  if (http !== undefined && address === undefined)
    yield { key: 'address', message: `is missing: kind = "${kind}" needs it, such as address = "192.0.2.30"` }
  if (http !== undefined && channel !== undefined && channel < http.firstChannel)
    yield {
      key: 'channel',
      message: `must be ${http.firstChannel} or more: the first output of a ${kind} has this number`,
    }
  if (kind === 'gpio' && pin === undefined)
    yield { key: 'pin', message: 'is missing: kind = "gpio" needs it, such as pin = 27' }
  if (self && afterBoot === 'off')
    yield { key: 'afterBoot', message: 'cannot be "off" with self = true: the box would switch off what it needs' }
}

export const outletsSchema = z
  .array(outletSchema)
  .max(OUTLETS_MAX)
  .default([])
  .meta({ description: 'a switched outlet that feeds a target (docs/power.md)', identity: ['name'] })

export const consoleOutletsSchema = z
  .array(nameSchema)
  .max(OUTLETS_OF_A_CONSOLE)
  .default([])
  .meta({
    description: 'the outlets that feed the target, in the order in which they are switched on',
    example: ['core-sw1-a'],
    option: false,
  })

/** Passwords of outlets: of the site, as those of Wi-Fi are. */
export const outletSecretsSchema = z
  .array(
    z.strictObject({
      outlet: nameSchema.meta({ description: 'name of the outlet', example: 'core-sw1-a' }),
      secret: z
        .string()
        .min(1, 'is empty')
        .max(255, 'must have at most 255 characters')
        .superRefine((text, context) => {
          const odd = firstOther(text, /[ -~]/u)
          if (odd === undefined) return
          context.addIssue({
            code: 'custom',
            message: `must be of ASCII characters, and has ${odd.name}, as character ${odd.position}`,
          })
        })
        .meta({
          description: 'its password; of an `exec` outlet, what its program finds in a file (docs/power.md)',
          example: 'a long password',
          secret: 'text',
        }),
    }),
  )
  .default([])
  .meta({ description: 'the password of an outlet', identity: ['outlet'] })

export interface OutletReferences {
  outlets?: readonly ({ name?: string | undefined } | undefined)[] | undefined
  consoles: readonly ({ outlets?: readonly (string | undefined)[] | undefined } | undefined)[]
}

/** What must hold between the outlets of one device and its consoles; of a device that may not be well formed, too. */
export function* outletProblems({
  outlets = [],
  consoles,
}: OutletReferences): Generator<{ path: PropertyKey[]; message: string; also?: PropertyKey[] }> {
  const names = new Map<string, number>()
  for (const [at, outlet] of outlets.entries()) {
    const first = outlet?.name === undefined ? undefined : names.get(outlet.name)
    if (first !== undefined)
      yield {
        path: ['outlets', at, 'name'],
        message: `"${outlet?.name}" is listed twice`,
        also: ['outlets', first, 'name'],
      }
    else if (outlet?.name !== undefined) names.set(outlet.name, at)
  }
  for (const [at, console] of consoles.entries()) {
    for (const [index, name] of (console?.outlets ?? []).entries()) {
      if (name === undefined) continue
      const path = ['consoles', at, 'outlets', index]
      if (!names.has(name))
        yield { path, message: `"${name}" is not an outlet of this device: it needs [[outlets]] with this name` }
      else if (console?.outlets?.indexOf(name) !== index) yield { path, message: `"${name}" is listed twice` }
    }
  }
}
