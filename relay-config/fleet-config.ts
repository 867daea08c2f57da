/** The fleet file, `fleet.toml`: relays, devices and technicians; no secrets, made for git; the only definition of the format. */
import * as z from 'zod'
import {
  bridgeSchema,
  consoleSchema,
  intervalsSchema,
  ledSchema,
  selftestSchema,
  shellSchema,
} from '../runtime/device-config.ts'
import { ConfigurationError } from '../runtime/errors.ts'
import { hostSchema, nameSchema, portSchema, publicKeySchema, userSchema } from '../runtime/names.ts'
import { parseToml } from '../runtime/toml-file.ts'
import { crossCheck } from './fleet-checks.ts'

/** A folder on the relay, relative to the login's home or absolute, of characters that need no quoting in any shell. */
const directorySchema = z
  .string()
  .max(200)
  .regex(
    /^\/?(?!\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._+@-]*(\/(?!\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._+@-]*)*$/,
    'must be a folder such as .oobm or /opt/oobm: letters, digits and . _ + @ -, without . or .. steps',
  )

const relaySchema = z.strictObject({
  name: nameSchema,
  /** Host name or address under which devices and technicians reach it. */
  host: hostSchema,
  /** TCP port of its sshd; 443 because most networks let it out. */
  port: portSchema.default(443),
  /** `shared`: one login, which the relay has already, for all devices and technicians. */
  accounts: z.literal('shared', 'must be "shared"').default('shared'),
  /** That login. */
  user: userSchema,
  /** The relay's public host keys: devices and technicians accept no other. */
  hostKeys: z.array(publicKeySchema).min(1, 'needs at least one key: the relay is never trusted unseen'),
  /** Where the device words and their records live. */
  directory: directorySchema.default('.oobm'),
})

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
  /** Login of technicians on the device itself. */
  shellUser: userSchema.default('oobm'),
  consoles: z.array(asWritten(consoleSchema)).default([]),
  led: asWritten(ledSchema).optional(),
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
  /** Names of consoles; all when left out. */
  consoles: namesOrAll.default('all'),
  /** Names of devices whose shell is open to him; none when left out. */
  shells: namesOrAll.default([]),
})

const shape = z.strictObject({
  /** Format of this file. */
  version: z.literal(1, 'must be 1, the only version there is'),
  relays: z.array(relaySchema).min(1, 'needs at least one relay'),
  devices: z.array(deviceSchema).default([]),
  technicians: z.array(technicianSchema).default([]),
})

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
  for (const { path, message } of problems) context.addIssue({ code: 'custom', path, message })
  return result.success && problems.length === 0 ? result.data : z.NEVER
})

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
