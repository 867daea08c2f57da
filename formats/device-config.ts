/** The device configuration, `/etc/oobm/device.toml`: no secrets, readable by both units; the only definition of the format. */
import { posix } from 'node:path'
import * as z from 'zod'
import { nameSchema, pathSchema, portSchema, publicKeySchema, relayHostSchema, userSchema } from './names.ts'
import { STABLE_EXAMPLE } from './serial-path.ts'

const relaySchema = z.strictObject({
  /** Host name or address of the relay. */
  host: relayHostSchema,
  /** TCP port of its sshd; 443 because most networks let it out. */
  port: portSchema.default(443),
  /** Login on the relay. */
  user: userSchema,
  /** The relay's public host keys: no other is ever accepted. */
  hostKeys: z.array(publicKeySchema).min(1, 'needs at least one key: the relay is never trusted unseen'),
})

/** How the device logs in to its relays. The secrets are files of their own, see `SECRETS` in provisioning.ts. */
const authenticationSchema = z.enum(['key', 'password']).default('key')

export const shellSchema = z.strictObject({
  /** Port of the device's own sshd on 127.0.0.1. */
  port: portSchema.default(22),
  /** Its public host key: the self-test accepts no other. */
  hostKeyFile: pathSchema.default('/etc/ssh/ssh_host_ed25519_key.pub'),
})

export const selftestSchema = z.strictObject({
  /** Account that the self-test logs in to: password `*`, shell /bin/sh. */
  user: userSchema.default('oobm-selftest'),
})

export const bridgeSchema = z.strictObject({
  /** Port of the console bridge's SSH server on 127.0.0.1. */
  port: portSchema.default(2222),
  /** Its public host key, so that the supervisor can prove that the console listener leads to it. */
  hostKey: publicKeySchema,
  /** The escape key of a console session, as `ctrl-` and the key. */
  escape: z
    .string()
    .regex(/^ctrl-[a-z\]\\^_]$/, 'must be ctrl- and one of a-z ] \\ ^ _')
    .default('ctrl-]'),
  /** Bytes of output that a console keeps for late-comers: a screenful of boot messages many times over. */
  scrollbackBytes: z.int().min(1024).max(16_777_216).default(262_144),
})

export const consoleSchema = z.strictObject({
  name: nameSchema,
  /** A device file, or `scheme:rest` for a line that a program registers (`sim:router` in the lab). */
  path: z.union([pathSchema, z.string().regex(/^[a-z]+:[A-Za-z0-9._/-]*$/)], {
    error: `must be a device file such as ${STABLE_EXAMPLE}`,
  }),
  /** Bits per second. 9600 is what network equipment comes with. */
  baudRate: z.int().min(50).max(4_000_000).default(9600),
  dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]).default(8),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  flowControl: z.enum(['none', 'rts-cts', 'xon-xoff']).default('none'),
})

const technicianSchema = z.strictObject({
  name: nameSchema,
  keys: z.array(publicKeySchema).min(1, 'needs at least one public key'),
  /** `operator` may type and send BREAK; `observer` may only watch. */
  role: z.enum(['operator', 'observer']).default('operator'),
  /** Names of consoles; all of this device's when left out. */
  consoles: z.array(nameSchema).optional(),
  /** Those of them that also open with a hop key, for who logs in at a relay (way 2): none unless named. */
  viaRelay: z.array(nameSchema).default([]),
  /** Public halves of the keys that relays hold for this technician alone; they open nothing but `viaRelay`. */
  hopKeys: z.array(publicKeySchema).default([]),
  /** May also log in to the device's shell. */
  shell: z.boolean().default(false),
  /** May also log in as `remote-admin`, who may become root; has the shell too. */
  admin: z.boolean().default(false),
})

export const ledSchema = z
  .strictObject({
    /** `auto`: GPIO if there is one, else a kernel LED, else none. `file` writes the word to `path`, for the lab. */
    backend: z.enum(['auto', 'gpio', 'kernel', 'file', 'none']).default('auto'),
    /** BCM number of the pin of the LED. */
    pin: z.int().min(0).max(53).default(17),
    /** Name below /sys/class/leds for the `kernel` backend. */
    led: z
      .string()
      .regex(/^[A-Za-z0-9:_-]+$/)
      .default('ACT'),
    /** File of the `file` backend. */
    path: pathSchema.optional(),
    /** Beside a GPIO: also on the board's own activity LED. */
    act: z.boolean().default(true),
  })
  .superRefine(({ backend, path }, context) => {
    if (backend !== 'file' || path !== undefined) return
    context.addIssue({ code: 'custom', path: ['path'], message: 'is missing: the file backend needs it' })
  })

const seconds = (min: number) => z.number().min(min).max(86_400)

/** What a connection costs: `cellular` is for a line that is paid by the byte. */
export const profileSchema = z.enum(['wired', 'cellular'], 'must be "wired" or "cellular"').default('wired')

/** Seconds. What each costs on the wire is in docs/tunnel.md; what is left out has the value of the profile. */
export const intervalsSchema = z.strictObject({
  /** Between two pings of the relay on a silent connection. */
  keepaliveS: seconds(1).optional(),
  /** Between two in-band probes. */
  probeS: seconds(1).optional(),
  /** Between two loopback self-tests. */
  selftestS: seconds(1).optional(),
  /** Between two reports to the relay when nothing happens. */
  reportS: seconds(1).optional(),
  /** For one step of a connection or a proof to finish; a slow board gets more. */
  timeoutS: seconds(1).default(20),
  /** Shortest and longest wait between two attempts. */
  backoffMinS: seconds(0.1).default(1),
  backoffMaxS: seconds(1).default(10),
  /** Longest wait where only a person can make an attempt succeed (refused, duplicate). */
  slowRetryS: seconds(1).default(300),
  /** For how long a tunnel must have been proved so that, once it is lost, the waits begin anew with the shortest. */
  stableS: seconds(1).default(15),
})

/** The intervals that each profile sets: at most 3 MB a day wired, 1 MB a day cellular (docs/tunnel.md). */
export const PROFILES = {
  wired: { keepaliveS: 15, probeS: 300, selftestS: 14_400, reportS: 300 },
  cellular: { keepaliveS: 60, probeS: 900, selftestS: 43_200, reportS: 1_800 },
} as const satisfies Record<z.output<typeof profileSchema>, object>

/** Every interval, with those of the profile where the configuration names none. */
export type Intervals = { [K in keyof z.output<typeof intervalsSchema>]-?: number }

export function intervalsOf({ profile, intervals }: Pick<DeviceConfig, 'profile' | 'intervals'>): Intervals {
  const own = PROFILES[profile]
  return {
    ...intervals,
    keepaliveS: intervals.keepaliveS ?? own.keepaliveS,
    probeS: intervals.probeS ?? own.probeS,
    selftestS: intervals.selftestS ?? own.selftestS,
    reportS: intervals.reportS ?? own.reportS,
  }
}

const shape = {
  /** Format of this file. */
  version: z.literal(1),
  /** Name of this device in the fleet. */
  device: nameSchema,
  /** In order of preference. */
  relays: z.array(relaySchema).min(1, 'needs at least one relay'),
  authentication: authenticationSchema,
  /** The listener N on the relay's 127.0.0.1 that leads to this device's shell; N+1 leads to its consoles. */
  listenerPort: portSchema.max(65_534, 'must be 1 to 65534: the port after it is the consoles'),
  shell: shellSchema.prefault({}),
  selftest: selftestSchema.prefault({}),
  bridge: bridgeSchema,
  consoles: z.array(consoleSchema).default([]),
  technicians: z.array(technicianSchema).default([]),
  led: ledSchema.prefault({}),
  profile: profileSchema,
  intervals: intervalsSchema.prefault({}),
}

export const deviceConfigSchema = z.strictObject(shape).superRefine(checkReferences)

/** The same with `more` keys beside it: what the provisioning file is. */
export function deviceConfigSchemaWith<M extends z.ZodRawShape>(more: M) {
  return z
    .strictObject({ ...shape, ...more })
    .superRefine((whole, context) => checkReferences(whole as DeviceConfig, context))
}

/** A device configuration with every default filled in. */
export type DeviceConfig = z.output<typeof deviceConfigSchema>
/** A device configuration as somebody writes it. */
export type DeviceConfigInput = z.input<typeof deviceConfigSchema>
export type RelayConfig = DeviceConfig['relays'][number]
export type ConsoleConfig = DeviceConfig['consoles'][number]
export type TechnicianConfig = DeviceConfig['technicians'][number]
export type LedConfig = DeviceConfig['led']

/** Names that stand for somebody else at the bridge: `oobm console` on the device, and who logs in by way of a relay. */
export const RESERVED_TECHNICIANS: readonly string[] = ['local', 'relay']

function reportDuplicates(items: readonly { name: string }[], list: string, context: z.core.$RefinementCtx): void {
  const seen = new Map<string, number>()
  for (const [index, { name }] of items.entries()) {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, index)
    else context.addIssue(duplicate([list, index, 'name'], `"${name}" is there twice`, [list, first, 'name']))
  }
}

/** @param also what it collides with: whoever shows the problem says that line too */
function duplicate(path: PropertyKey[], message: string, also: PropertyKey[]) {
  return { code: 'custom', path, message, params: { also } } as const
}

/** One adapter is one console: two could not open it, or would read each other's answers. */
export function* samePaths(
  consoles: readonly ({ name?: string | undefined; path?: string | undefined } | undefined)[],
): Generator<{ at: number; first: number; message: string }> {
  const owners = new Map<string, number>()
  for (const [at, item] of consoles.entries()) {
    // What a program registers is no adapter: each console of the lab has a router of its own.
    if (item?.path === undefined || /^\w+:/.test(item.path)) continue
    const path = posix.normalize(item.path)
    const first = owners.get(path)
    if (first === undefined) owners.set(path, at)
    else {
      const owner = consoles[first]?.name ?? `console ${first + 1}`
      yield { at, first, message: `"${item.path}" is the path of ${owner} already: each console has a line of its own` }
    }
  }
}

/** What holds between the keys: names are unique, and what refers to a console names one. */
function checkReferences(config: z.output<z.ZodObject<typeof shape>>, context: z.core.$RefinementCtx): void {
  reportDuplicates(config.consoles, 'consoles', context)
  reportDuplicates(config.technicians, 'technicians', context)
  for (const { at, first, message } of samePaths(config.consoles))
    context.addIssue(duplicate(['consoles', at, 'path'], message, ['consoles', first, 'path']))
  const known = new Set(config.consoles.map(({ name }) => name))
  const owners = new Map(config.technicians.flatMap(({ name, keys }) => keys.map(key => [key, `${name}'s own key`])))
  for (const [index, technician] of config.technicians.entries()) {
    const report = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path: ['technicians', index, ...path], message })
    const { name, consoles = [...known], viaRelay, hopKeys } = technician
    if (RESERVED_TECHNICIANS.includes(name))
      report(['name'], `"${name}" cannot be used: the console bridge uses it itself`)
    for (const [at, name] of consoles.entries()) {
      if (!known.has(name)) report(['consoles', at], `"${name}" is not a console of this device`)
    }
    for (const [at, console] of viaRelay.entries()) {
      if (!consoles.includes(console)) report(['viaRelay', at], `"${console}" is not one of ${name}'s consoles here`)
    }
    for (const [at, key] of hopKeys.entries()) {
      const owner = owners.get(key)
      if (owner !== undefined) report(['hopKeys', at], `is ${owner} already: a hop key is one technician's`)
      owners.set(key, `${name}'s hop key`)
    }
  }
}
