/** The device configuration, `/etc/oobm/device.toml`: no secrets, readable by both units. The only definition of the format. */
import { posix } from 'node:path'
import * as z from 'zod'
import { consoleSchema, escapeSetSchema } from './console-settings.ts'
import { BRIDGE_ABOUT, bridgeSettings, deviceSettings, type intervalsSchema, PROFILES } from './device-settings.ts'
import { enrolmentSchema } from './enrolment.ts'
import { parseLinePath } from './line-path.ts'
import { nameSchema, portSchema, publicKeySchema, RELAY_PORT, relayHostSchema, userSchema } from './names.ts'
import { outletProblems } from './outlets.ts'
import { pinProblems } from './pins.ts'
import { spareConsoleName } from './usb-port.ts'

const relaySchema = z.strictObject({
  host: relayHostSchema.meta({ description: 'host name or address of the relay' }),
  port: portSchema.default(RELAY_PORT).meta({ description: 'TCP port of its sshd' }),
  user: userSchema.meta({ description: 'login on the relay' }),
  hostKeys: z
    .array(publicKeySchema)
    .min(1, 'needs at least one key: without it, nobody could tell the relay from an impostor')
    .meta({ description: 'its public host keys', details: 'No other is ever accepted.' }),
})

const bridgeSchema = z.strictObject({
  ...bridgeSettings,
  // The supervisor proves with it that the console listener leads to the bridge.
  hostKey: publicKeySchema.meta({ description: 'public host key of the console bridge' }),
})

const technicianSchema = z.strictObject({
  name: nameSchema.meta({ description: 'name of the technician in greetings and transcripts' }),
  keys: z
    .array(publicKeySchema)
    .min(1, 'needs at least one public key')
    .meta({ description: 'public keys of the technician' }),
  role: z
    .enum(['operator', 'observer'])
    .default('operator')
    .meta({ description: 'whether the technician may type and send BREAK, or only watch' }),
  consoles: z
    .array(nameSchema)
    .optional()
    .meta({ description: 'consoles that are open to the technician', whenLeftOut: 'default: all of this device' }),
  viaRelay: z
    .array(nameSchema)
    .default([])
    .meta({ description: 'consoles that also open with a hop key, after a login at a relay' }),
  hopKeys: z.array(publicKeySchema).default([]).meta({
    description: 'public halves of the keys that relays hold for this technician alone',
    details: 'They open nothing but `via_relay`.',
  }),
  shell: z.boolean().default(false).meta({ description: 'whether the shell of the device is open to the technician' }),
  escapeSet: escapeSetSchema.optional().meta({
    description: 'keys that control the sessions of the technician',
    whenLeftOut: 'default: those of the console',
  }),
  power: z
    .array(nameSchema)
    .default([])
    .meta({ description: 'consoles whose outlets the technician may switch; of an observer, none' }),
  admin: z.boolean().default(false).meta({
    description: 'whether the technician may log in as `remote-admin`, who may become root',
    details: 'The shell is then open to them, too.',
  }),
})

/** Every interval, with that of the profile where the configuration has none. */
export type Intervals = { [K in keyof z.output<typeof intervalsSchema>]-?: number }

export function intervalsOf({ profile, intervals }: Pick<DeviceConfig, 'profile' | 'intervals'>): Intervals {
  return { ...PROFILES[profile], ...intervals } as Intervals
}

const shape = {
  version: z.literal(1).meta({ description: 'version of this format' }),
  device: nameSchema.meta({ description: 'name of this device in the fleet' }),
  relays: z
    .array(relaySchema)
    .min(1, 'needs at least one relay')
    .meta({ description: 'the relays, in order of preference', identity: ['host', 'port'] }),
  // The secrets are files of their own, see `SECRETS` in provisioning.ts.
  authentication: z
    .enum(['key', 'password'])
    .default('key')
    .meta({ description: 'how the device logs in to its relays' }),
  listenerPort: portSchema.max(65_534, 'must be 1 to 65534: the port after it is the consoles').meta({
    description: "port on the relay's 127.0.0.1 that leads to the shell of this device",
    details: 'The port after it leads to its consoles.',
  }),
  enrolment: enrolmentSchema.optional().meta({
    description: 'only of a board that waits until the operator accepts it',
    details: '`oobm-relay enrolment` writes it (docs/enrolment.md).',
  }),
  ...deviceSettings,
  bridge: bridgeSchema.meta({ description: BRIDGE_ABOUT }),
  technicians: z
    .array(technicianSchema)
    .default([])
    .meta({ description: 'a person, and what is open to them', identity: ['name'] }),
}

export const deviceConfigSchema = z.strictObject(shape).superRefine(checkReferences)

/** The same with `more` keys: the provisioning file. */
export function deviceConfigSchemaWith<M extends z.ZodRawShape>(more: M) {
  return z
    .strictObject({ ...shape, ...more })
    .superRefine((whole, context) => checkReferences(whole as DeviceConfig, context))
}

/** A device configuration with every default filled in. */
export type DeviceConfig = z.output<typeof deviceConfigSchema>
/** A device configuration as people write it. */
export type DeviceConfigInput = z.input<typeof deviceConfigSchema>
export type RelayConfig = DeviceConfig['relays'][number]
/** A console with its line. */
export type ConsoleConfig = z.output<typeof consoleSchema> & {
  /** At a spare port: only who has the shell of the device may open it. */
  isProvisional?: true
}
export type TechnicianConfig = DeviceConfig['technicians'][number]
export type LedConfig = DeviceConfig['led']

/** Names that the bridge uses itself: for `oobm console` on the device, and for a login through a relay. */
export const RESERVED_TECHNICIANS: readonly string[] = ['local', 'relay']

export const OBSERVERS_SWITCH_NOTHING = 'is for operators: an observer only watches, and switches no outlet'

function reportDuplicates(items: readonly { name: string }[], list: string, context: z.core.$RefinementCtx): void {
  const seen = new Map<string, number>()
  for (const [index, { name }] of items.entries()) {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, index)
    else context.addIssue(duplicate([list, index, 'name'], `"${name}" is listed twice`, [list, first, 'name']))
  }
}

/** @param also the setting with which it collides: the message names its line, too */
function duplicate(path: PropertyKey[], message: string, also: PropertyKey[]) {
  return { code: 'custom', path, message, params: { also } } as const
}

/** The consoles that a device has a name for. */
export function namedConsoles({ consoles }: Pick<DeviceConfig, 'consoles'>): ConsoleConfig[] {
  return consoles.map(console => consoleSchema.parse(console))
}

/** The consoles at its spare ports, by provisional names; a port that a console is bound to is none of them. */
export function spareConsoles({
  device,
  consoles,
  sparePorts,
}: Pick<DeviceConfig, 'device' | 'sparePorts'> & {
  consoles: readonly { usb?: string | undefined }[]
}): ConsoleConfig[] {
  const bound = new Set(consoles.map(({ usb }) => usb))
  return [...new Set(sparePorts)]
    .filter(port => !bound.has(port))
    .map(port => ({
      ...consoleSchema.parse({ name: 'spare', usb: port }),
      name: spareConsoleName(device, port),
      isProvisional: true,
    }))
}

interface Place {
  name?: string | undefined
  path?: string | undefined
  usb?: string | undefined
}

/** One adapter is one console: two consoles could not open it, or would read each other's answers. */
export function* samePaths(
  consoles: readonly (Place | undefined)[],
): Generator<{ at: number; first: number; key: 'path' | 'usb'; message: string }> {
  const owners = new Map<string, number>()
  for (const [at, item] of consoles.entries()) {
    const key = item?.usb === undefined ? 'path' : 'usb'
    const written = item?.[key]
    if (written === undefined) continue
    const place = key === 'path' ? placeOf(written) : `usb ${written}`
    if (place === undefined) continue
    const first = owners.get(place)
    if (first === undefined) owners.set(place, at)
    else {
      const owner = consoles[first]?.name ?? `console ${first + 1}`
      const what = key === 'path' ? 'path' : 'USB port'
      yield {
        at,
        first,
        key,
        message: `"${written}" is the ${what} of ${owner} already: each console has a line of its own`,
      }
    }
  }
}

/** What only one console can have; undefined for a command, and for a line that a program registers. */
function placeOf(path: string): string | undefined {
  const line = parseLinePath(path)
  if (line !== undefined) return 'host' in line ? `port ${line.port} of ${line.host.toLowerCase()}` : undefined
  // Each console of the lab has a router of its own.
  return /^\w+:/.test(path) ? undefined : `path ${posix.normalize(path)}`
}

/** Checks between settings: names are unique, and a reference to a console names one. */
function checkReferences(config: z.output<z.ZodObject<typeof shape>>, context: z.core.$RefinementCtx): void {
  reportDuplicates(config.consoles, 'consoles', context)
  reportDuplicates(config.technicians, 'technicians', context)
  for (const { at, first, key, message } of samePaths(config.consoles))
    context.addIssue(duplicate(['consoles', at, key], message, ['consoles', first, key]))
  for (const { path, message, also } of [...outletProblems(config), ...pinProblems(config)])
    context.addIssue(also === undefined ? { code: 'custom', path, message } : duplicate(path, message, also))
  const spare = new Set(spareConsoles(config).map(({ name }) => name))
  for (const [at, { name }] of config.consoles.entries()) {
    if (!spare.has(name)) continue
    const message = `"${name}" is the provisional name of a spare port`
    context.addIssue({ code: 'custom', path: ['consoles', at, 'name'], message })
  }
  const known = new Set(config.consoles.map(({ name }) => name))
  const owners = new Map(config.technicians.flatMap(({ name, keys }) => keys.map(key => [key, `${name}'s own key`])))
  for (const [index, technician] of config.technicians.entries()) {
    const report = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path: ['technicians', index, ...path], message })
    const { name, role, consoles = [...known], viaRelay, hopKeys, power } = technician
    if (RESERVED_TECHNICIANS.includes(name))
      report(['name'], `"${name}" cannot be used: the console bridge uses it itself`)
    for (const [at, name] of consoles.entries()) {
      if (!known.has(name)) report(['consoles', at], `"${name}" is not a console of this device`)
    }
    for (const [at, console] of viaRelay.entries()) {
      if (!consoles.includes(console)) report(['viaRelay', at], `"${console}" is not one of ${name}'s consoles here`)
    }
    for (const [at, console] of power.entries()) {
      if (role === 'observer') report(['power', at], OBSERVERS_SWITCH_NOTHING)
      else if (!consoles.includes(console)) report(['power', at], `"${console}" is not one of ${name}'s consoles here`)
    }
    for (const [at, key] of hopKeys.entries()) {
      const owner = owners.get(key)
      if (owner !== undefined) report(['hopKeys', at], `is ${owner} already: a hop key is one technician's`)
      owners.set(key, `${name}'s hop key`)
    }
  }
}
