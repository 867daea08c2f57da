/** The fleet file, `fleet.toml`: relays, devices and technicians; no secrets, made for git; the only definition of the format. */
import { isIP } from 'node:net'
import * as z from 'zod'
import {
  bridgeSchema,
  consoleSchema,
  intervalsSchema,
  ledSchema,
  profileSchema,
  selftestSchema,
  shellSchema,
} from '../../formats/device-config.ts'
import { nameSchema, portSchema, publicKeySchema, relayHostSchema, userSchema } from '../../formats/names.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { ConfigurationError } from '../../runtime/errors.ts'
import { crossCheck } from './checks/cross-check.ts'

/** The account of all devices on a dedicated relay, when the file names no other. */
export const DEVICE_USER = 'oobm-device'

/** Uids of technicians on a dedicated relay: above what adduser gives to people, below what Debian and systemd reserve. */
export const TECHNICIAN_UIDS = { first: 20_000, last: 59_999 } as const

const uidMessage = `must be a whole number from ${TECHNICIAN_UIDS.first} to ${TECHNICIAN_UIDS.last}`

/** A folder on the relay, relative to the login's home or absolute, of characters that need no quoting in any shell. */
const directorySchema = z
  .string()
  .max(200)
  .regex(
    /^\/?(?!\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._+@-]*(\/(?!\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._+@-]*)*$/,
    'must be a folder such as .oobm or /opt/oobm: letters, digits and . _ + @ -, without . or .. steps',
  )

/** An address or a network in CIDR notation, as sshd takes them. */
const networkSchema = z.string().refine(isNetwork, 'must be an address or a network such as 192.0.2.0/24')

const relayShape = z.strictObject({
  name: nameSchema,
  /** Host name or address under which devices and technicians reach it. */
  host: relayHostSchema,
  /** TCP port of its sshd; 443 because most networks let it out. */
  port: portSchema.default(443),
  /**
   * `shared`: one login, which the relay has already, for all devices and technicians. `dedicated`: accounts and an sshd of
   * our own, which `oobm-relay apply` makes there as root.
   */
  accounts: z.enum(['shared', 'dedicated'], 'must be "shared" or "dedicated"').default('shared'),
  /** That login; with dedicated accounts, the one of all devices. */
  user: userSchema.optional(),
  /**
   * The relay's public host keys: devices and technicians accept no other. A dedicated relay makes its own at the first
   * `apply`, so that there may be none before.
   */
  hostKeys: z.array(publicKeySchema).default([]),
  /** Shared: where the device words and their records live. */
  directory: directorySchema.default('.oobm'),
  /** Dedicated: the port of the host's own sshd, which stays as it is and which the firewall leaves open. */
  adminPort: portSchema.default(22),
  /** Dedicated: whether `apply` lets in nothing but the ports of this file. */
  firewall: z.boolean('must be true or false').default(false),
  /** Of older files: each device has its own now. `cellular` still gives a login here more time. */
  profile: z.enum(['wired', 'cellular'], 'must be "wired" or "cellular"').default('wired'),
  /** Dedicated: networks that sshd never penalises as a whole, such as the address behind which many devices are. */
  exemptNetworks: z.array(networkSchema).default([]),
})

const relaySchema = relayShape.transform(relay => ({ ...relay, user: relay.user ?? DEVICE_USER }))

/** What belongs to the device's own configuration: checked here, kept as it was written; the device knows the defaults. */
function asWritten<T extends z.ZodType>(schema: T) {
  return z.unknown().transform((value, context): z.input<T> => {
    report(schema.safeParse(value).error, context)
    return value as z.input<T>
  })
}

const deviceSchema = z.strictObject({
  name: nameSchema,
  /** The listener N on the relay's 127.0.0.1 that leads to the device's shell; N+1 leads to its consoles. */
  port: z
    .int('must be a whole number')
    .min(1024, 'must be 1024 to 65534: a relay login without root can listen on no lower one')
    .max(65_534, 'must be 1024 to 65534: the port after it is the consoles'),
  /** Names of its relays in order of preference; all, in the order of this file, when left out. */
  relays: z.array(nameSchema).min(1, 'needs at least one relay').optional(),
  /**
   * One login on the device that all technicians use; each has an own one there when it is left out. For a device whose package
   * is older than that: "oobm".
   */
  shellUser: userSchema.optional(),
  /** Whether its two ports stand open on the relay's public address (way 3). */
  gateway: z.boolean('must be true or false').default(false),
  consoles: z.array(asWritten(consoleSchema)).default([]),
  led: asWritten(ledSchema).optional(),
  /** What its connection costs: it sets the intervals that are not named. `wired` when left out. */
  profile: asWritten(profileSchema).optional(),
  intervals: asWritten(intervalsSchema).optional(),
  shell: asWritten(shellSchema).optional(),
  selftest: asWritten(selftestSchema).optional(),
  bridge: asWritten(bridgeSchema.omit({ hostKey: true })).optional(),
})

const namesOrAll = z.union([z.literal('all'), z.array(nameSchema)], { error: 'must be "all" or a list of names' })

const technicianSchema = z.strictObject({
  name: nameSchema,
  keys: z.array(publicKeySchema).min(1, 'needs at least one public key'),
  /** `operator` may type and send BREAK; `observer` may only watch. */
  role: z.enum(['operator', 'observer'], 'must be "operator" or "observer"').default('operator'),
  /** Names of consoles. No default: a rights file that says nothing gives nothing away. */
  consoles: namesOrAll,
  /** Names of devices whose shell is open to him; none when left out. */
  shells: namesOrAll.default([]),
  /** Names of devices where he may become root, as `remote-admin`; their shell is open to him too. None when left out. */
  admins: namesOrAll.default([]),
  /** Of those consoles, the ones that a plain login on the relay leads to (way 2); "all" is all of his. */
  login: namesOrAll.default([]),
  /** For that: the public halves of the keys that dedicated relays keep for him; "oobm-relay hop-keys" there says them. */
  hopKeys: z.array(publicKeySchema).default([]),
  /** His uid on a dedicated relay: who he is there, whatever he is called, so that it is never given again. */
  uid: z.int(uidMessage).min(TECHNICIAN_UIDS.first, uidMessage).max(TECHNICIAN_UIDS.last, uidMessage).optional(),
  /** What he may do with the fleet: only the owner makes keys; the admin switches maintenance. */
  relayRole: z.enum(['technician', 'admin', 'owner'], 'must be "technician", "admin" or "owner"').default('technician'),
})

const shape = z.strictObject({
  /** Format of this file. */
  version: z.literal(1, 'must be 1, the only version there is'),
  relays: z.array(relaySchema).min(1, 'needs at least one relay'),
  devices: z.array(deviceSchema).default([]),
  technicians: z.array(technicianSchema).default([]),
})

/** Every table of the file and the settings that it may have, so that the example can be held to them. */
export const FLEET_TABLES = {
  '': shape.shape,
  relays: relayShape.shape,
  devices: deviceSchema.shape,
  'devices.consoles': consoleSchema.shape,
  'devices.led': ledSchema.shape,
  'devices.intervals': intervalsSchema.shape,
  'devices.shell': shellSchema.shape,
  'devices.selftest': selftestSchema.shape,
  'devices.bridge': bridgeSchema.omit({ hostKey: true }).shape,
  technicians: technicianSchema.shape,
} as const

export type Fleet = z.output<typeof shape>
export type Relay = Fleet['relays'][number]
export type Device = Fleet['devices'][number]
export type Technician = Fleet['technicians'][number]

/**
 * The shape, and what holds between its parts. zod skips a refinement when the shape has errors; people want everything
 * at once, so the two are separate steps here, and the second looks at whatever is well formed.
 */
const fleetSchema = z.unknown().transform((raw, context): Fleet => {
  const result = shape.safeParse(raw)
  report(result.error, context)
  const problems = crossCheck(raw)
  for (const { path, message, also } of problems) context.addIssue({ code: 'custom', path, message, params: { also } })
  return result.success && problems.length === 0 ? result.data : z.NEVER
})

function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/')
  const version = isIP(address)
  const plain = /^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(text)
  return plain && version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

function report(error: z.ZodError | undefined, context: z.core.$RefinementCtx): void {
  context.issues.push(...((error?.issues ?? []) as z.core.$ZodRawIssue[]))
}

/**
 * Reads a fleet file.
 * @param file the name to use in messages
 * @throws ConfigurationError with everything that is wrong in it, in the order of the file
 */
export function parseFleet(file: string, text: string): Fleet {
  try {
    return parseToml(file, text, fleetSchema)
  } catch (err) {
    if (!(err instanceof ConfigurationError)) throw err
    throw new ConfigurationError(
      file,
      err.issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    )
  }
}
