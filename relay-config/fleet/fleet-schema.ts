/** The tables of the fleet file, `fleet.toml`: the only definition of the format. What holds between them is in checks/. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { escapeSetSchema } from '../../formats/console-settings.ts'
import { BRIDGE_ABOUT, bridgeSettings, contactSchema, deviceSettings } from '../../formats/device-settings.ts'
import {
  lineSchema,
  nameSchema,
  portSchema,
  publicKeySchema,
  RELAY_PORT,
  relayHostSchema,
  signerKeySchema,
  userSchema,
} from '../../formats/names.ts'
import { asWritten } from '../../formats/settings.ts'

/** The account of all devices on a dedicated relay, when the file names no other. */
export const DEVICE_USER = 'oobm-device'

/** Port of the own sshd of a dedicated relay's host, when the file names no other. */
export const ADMIN_PORT = 22

/**
 * Port on 127.0.0.1 of a dedicated relay's sshd where HAProxy has the relay's port. Below 1024, where neither a listener of a device
 * nor a program of another account of the host can be.
 */
export const INNER_SSHD_PORT = 822
/** What a client within TLS asks for (ALPN) that wants the sshd of the host itself. */
export const ADMIN_SERVICE = 'oobm-admin'

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
  name: nameSchema.meta({ description: 'name of the relay in this file' }),
  host: relayHostSchema.meta({ description: 'host name or address at which devices and technicians reach it' }),
  port: portSchema.default(RELAY_PORT).meta({ description: 'TCP port of its sshd; most networks let 443 out' }),
  accounts: z.enum(['shared', 'dedicated'], 'must be "shared" or "dedicated"').default('shared').meta({
    description: 'whose accounts devices and technicians use there',
    details:
      '`shared`: one login that the relay has already; needs no root. `dedicated`: accounts and an sshd of their own, which `oobm-relay apply` makes there as root.',
  }),
  user: userSchema.optional().meta({
    description: 'login of devices and technicians there; with dedicated accounts, of the devices',
    whenLeftOut: `required with shared accounts; else default ${JSON.stringify(DEVICE_USER)}`,
    example: DEVICE_USER,
  }),
  // A dedicated relay makes its own at the first `apply`, so that there may be none before.
  hostKeys: z.array(publicKeySchema).default([]).meta({
    description: 'public host keys of the relay: the lines of its `/etc/ssh/ssh_host_*_key.pub`',
    details:
      'Devices and technicians accept no other. A dedicated relay has its key after the first `oobm-relay push`, which prints it.',
  }),
  directory: directorySchema.default('.oobm').meta({
    description: 'shared: folder of the device commands, below the home of the login or absolute',
  }),
  adminPort: portSchema.default(ADMIN_PORT).meta({
    description: 'dedicated: port of the sshd of the host itself, which stays open',
  }),
  firewall: z
    .boolean('must be true or false')
    .default(false)
    .meta({ description: 'dedicated: whether `oobm-relay apply` closes all ports but those of this file' }),
  tls: z.boolean('must be true or false').default(false).meta({
    description: 'dedicated: whether its port takes SSH within TLS as well, for networks that let nothing else out',
    details: 'HAProxy then has the port, and decides by the first byte. Needs the packages haproxy and openssl there.',
  }),
  adminTls: z.boolean('must be true or false').default(false).meta({
    description:
      'dedicated: whether its port leads to the host’s own sshd within TLS, for operators in networks that block SSH',
    details: 'Whoever reaches the port can then try to log in to the host, whatever a firewall does with `admin_port`.',
  }),
  profile: z
    .enum(['wired', 'cellular'], 'must be "wired" or "cellular"')
    .default('wired')
    .meta({ description: 'set in older files; gives a login at this relay more time' }),
  exemptNetworks: z
    .array(networkSchema)
    .default([])
    .meta({ description: 'dedicated: addresses of many devices, which sshd never penalises as one' }),
})

const relaySchema = relayShape.transform(relay => ({ ...relay, user: relay.user ?? DEVICE_USER }))

/** Each kept as it was written: the device fills in its own defaults. */
function eachAsWritten<S extends z.ZodRawShape>(shape: S) {
  const kept = Object.entries(shape).map(([key, schema]) => [key, asWritten(schema as z.ZodType).optional()])
  return Object.fromEntries(kept) as { [K in keyof S]: z.ZodOptional<z.ZodType<Exclude<z.input<S[K]>, undefined>>> }
}

const deviceSchema = z.strictObject({
  name: nameSchema.meta({ description: 'name of the device: the host in `ssh tokyo-rack1`' }),
  port: z
    .int('must be a whole number')
    .min(1024, 'must be 1024 to 65534: lower ports need root on the relay')
    .max(65_534, 'must be 1024 to 65534: the port after it is the consoles')
    .meta({ description: 'port on the relay that leads to its shell; the port after it leads to its consoles' }),
  relays: z.array(nameSchema).min(1, 'needs at least one relay').optional().meta({
    description: 'names of its relays, in order of preference',
    whenLeftOut: 'default: all, in the order of this file',
  }),
  shellUser: userSchema.optional().meta({
    description: 'one login on the device for all technicians',
    details: 'It is `oobm` for a device whose package makes no accounts for them.',
    whenLeftOut: 'default: an account for each',
    example: 'oobm',
    option: false,
  }),
  gateway: z
    .boolean('must be true or false')
    .default(false)
    .meta({ description: 'open its two ports on the public address of a dedicated relay' }),
  ...eachAsWritten({ ...deviceSettings, bridge: z.strictObject(bridgeSettings).meta({ description: BRIDGE_ABOUT }) }),
  consoles: asWritten(deviceSettings.consoles).default([]),
})

const namesOrAll = z.union([z.literal('all'), z.array(nameSchema)], { error: 'must be "all" or a list of names' })

const technicianSchema = z.strictObject({
  name: nameSchema.meta({ description: 'login name of the technician' }),
  keys: z
    .array(publicKeySchema)
    .min(1, 'needs at least one public key')
    .meta({ description: 'public keys of the technician', option: false }),
  role: z
    .enum(['operator', 'observer'], 'must be "operator" or "observer"')
    .default('operator')
    .meta({ description: 'whether the technician may type and send BREAK, or only watch' }),
  consoles: namesOrAll.meta({
    description: 'consoles that are open to the technician',
    details: 'There is no default: nothing is open to anybody by itself.',
  }),
  shells: namesOrAll.default([]).meta({ description: 'devices whose shell is open to the technician' }),
  admins: namesOrAll.default([]).meta({
    description: 'devices where the technician may become root, by `ssh -l remote-admin`',
    details: 'The shell of these devices is open to them, too.',
    option: false,
  }),
  login: namesOrAll
    .default([])
    .meta({ description: 'consoles to which a plain login of the technician on a dedicated relay leads' }),
  power: namesOrAll.default([]).meta({
    description: 'consoles whose outlets the technician may switch; of an observer, none',
  }),
  hopKeys: z.array(publicKeySchema).default([]).meta({
    description: 'for `login`: the keys that `oobm-relay hop-keys` prints on the relay',
    details: 'They are the public halves of the keys that dedicated relays keep for this technician.',
    option: false,
  }),
  uid: z.int(uidMessage).min(TECHNICIAN_UIDS.first, uidMessage).max(TECHNICIAN_UIDS.last, uidMessage).optional().meta({
    description: 'uid of the account on a dedicated relay',
    details: 'It says who they are there, whatever their name is, and is never given to another person.',
    whenLeftOut: 'required with a dedicated relay',
    example: TECHNICIAN_UIDS.first,
    option: false,
  }),
  escapeSet: escapeSetSchema.optional().meta({
    description: 'keys that control their sessions: `oobm`, after the escape key, or `conserver`, after `^Ec`',
    whenLeftOut: 'default: those of the console',
    example: 'conserver',
  }),
  relayRole: z
    .enum(['technician', 'admin', 'owner'], 'must be "technician", "admin" or "owner"')
    .default('technician')
    .meta({
      description: 'what the technician may do with the fleet',
      details:
        'An `admin` switches maintenance; an `owner` makes keys, and may have the login of a shared relay for themselves.',
    }),
})

const settingsSchema = z.strictObject({
  signers: z.array(signerKeySchema).default([]).meta({
    description: 'public keys whose signed settings the devices accept, FIDO keys too',
    details:
      'Devices get the list with their file (`oobm-relay issue`), and changes of it with signed settings. Nobody can sign with a key that is not in the list that a device has.',
  }),
  key: lineSchema.optional().meta({
    description: 'the key with which `oobm-relay settings` signs: a path, relative to this file',
    details: 'With the public half there, ssh-agent or a FIDO token signs. The private half is never on a relay.',
    whenLeftOut: 'default: one of the signers that ssh-agent has',
    example: '~/.ssh/oobm_settings',
  }),
})

/** Boards that one card file may be for. */
const BOARDS_MAX = 1_000

const enrolmentSchema = z.strictObject({
  name: nameSchema.meta({ description: 'name of the enrolment, such as that of a site' }),
  key: publicKeySchema.meta({
    description: 'public half of the key on the cards: it lets a new board ask to be accepted, and nothing else',
  }),
  boards: z
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(BOARDS_MAX, `must be ${BOARDS_MAX} or less`)
    .meta({ description: 'how many boards may ask with it' }),
  until: z
    .string()
    .refine(isDay, 'must be a day such as 2027-01-31')
    .meta({ description: 'last day on which it is good, by the clock of the relay', example: '2027-01-31' }),
})

export const fleetShape = z.strictObject({
  version: z.literal(1, 'must be 1, the only version there is').meta({ description: 'version of this format' }),
  contact: contactSchema.meta({ whenLeftOut: 'default: nobody; a device may name another one' }),
  relays: z
    .array(relaySchema)
    .min(1, 'needs at least one relay')
    .meta({ description: 'a host with OpenSSH that devices and technicians can both reach' }),
  devices: z.array(deviceSchema).default([]).meta({ description: 'a device, and the consoles at it' }),
  settings: settingsSchema.default({ signers: [] }).meta({ description: 'settings from afar, signed by the operator' }),
  technicians: z.array(technicianSchema).default([]).meta({ description: 'a person, and what is open to them' }),
  enrolments: z.array(enrolmentSchema).default([]).meta({
    description: 'new boards that may ask to be accepted, all with one card file',
    details: '`oobm-relay enrolment open` makes it (docs/enrolment.md).',
  }),
})

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/')
  const version = isIP(address)
  const plain = /^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(text)
  return plain && version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}
