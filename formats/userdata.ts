/** `[userdata]`: the metadata address of a mobile network that may name the relay, and what the status file says of it. */
import * as z from 'zod'
import { portSchema, publicKeySchema, relayHostSchema, userSchema } from './names.ts'
import { STATE_NAMES } from './states.ts'
import { interfaceNameSchema } from './uplink-settings.ts'

/** SORACOM Air's metadata service: what the operator wrote for the group of this SIM, to this SIM alone. */
export const SORACOM_USERDATA = 'http://metadata.soracom.io/v1/userdata'

const pinnedHostSchema = z.strictObject({
  host: relayHostSchema.meta({ description: 'host name or address, as `HostName` has it' }),
  port: portSchema.optional().meta({
    description: 'TCP port of its sshd',
    whenLeftOut: 'default: that of the first relay',
    example: 443,
    option: false,
  }),
  user: userSchema.optional().meta({
    description: 'login on it',
    whenLeftOut: 'default: that of the first relay',
    example: 'oobm',
    option: false,
  }),
  hostKeys: z
    .array(publicKeySchema)
    .min(1, 'needs at least one key: without it, nobody could tell the relay from an impostor')
    .meta({ description: 'its public host keys', details: 'No other is ever accepted.', option: false }),
})

export const userdataSchema = z.strictObject({
  interface: interfaceNameSchema.meta({
    description: 'network interface over which it is asked for, and over no other',
    details: 'A mobile network answers for its own SIM: what another network says there is not the operator’s.',
    example: 'wwan0',
    option: false,
  }),
  url: z
    .string()
    .max(1_000)
    .refine(isPlainAddress, 'must be an address such as http://metadata.soracom.io/v1/userdata, without a user')
    .default(SORACOM_USERDATA)
    .meta({ description: 'address of the userdata', option: false }),
  intervalS: z.number().min(60).max(604_800).default(3_600).meta({
    description: 'time between two looks at it, give or take a tenth',
    details: 'While no relay is proved, it is looked at every five minutes at least.',
    unit: 's',
    option: false,
  }),
  trialS: z.number().min(60).max(3_600).default(600).meta({
    description: 'time within which a login must come back through a relay that it names',
    details: 'Otherwise the earlier relay stays.',
    unit: 's',
    option: false,
  }),
  hosts: z
    .array(pinnedHostSchema)
    .default([])
    .meta({
      description: 'a host that it may name beside the relays, with its host key',
      identity: ['host'],
    }),
})

export type UserdataSettings = z.output<typeof userdataSchema>

/** Milliseconds since 1970. */
const instant = z.int()

/** As the status file has it; no key is in it. */
export const userdataStatusSchema = z.object({
  interface: z.string(),
  /** The last look; null before the first. */
  lookedAt: instant.nullable(),
  /** Why nothing of what the last look found is used; empty where nothing is wrong with it. */
  fault: z.string(),
  /** The relays that it names and that are used now; none: those of the configuration. */
  relays: z.array(
    z.object({
      /** As `host:port`. */
      relay: z.string(),
      /** The port on its 127.0.0.1 that leads to the shell of this device. */
      remotePort: z.int(),
      /** Fingerprint of the public half of its key; null where the device logs in with its own. */
      key: z.string().nullable(),
      /** Of one that stands beside the first; the first one's state is that of the device. */
      beside: z.object({ state: z.enum(STATE_NAMES), cause: z.string(), provedAt: instant.nullable() }).optional(),
    }),
  ),
  /** What it names and what has not proved itself yet; `waiting`: it is not used yet, either. */
  trial: z
    .object({
      phase: z.enum(['waiting', 'trial']),
      since: instant,
      /** What it waits for. */
      cause: z.string(),
      /** For people: where it leads. */
      to: z.string(),
    })
    .nullable(),
  /** The last trial that was given up. */
  undone: z.object({ at: instant, cause: z.string(), to: z.string() }).nullable(),
})

export type UserdataStatus = z.output<typeof userdataStatusSchema>

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return protocol === 'http:' && username === '' && password === '' && hash === ''
}
