/** `[[cellular]]`: a modem that somebody must dial (QMI, MBIM), by which network name (APN), and what its SIM asks for. */
import * as z from 'zod'
import { lineSchema } from './names.ts'
import { interfaceNameSchema } from './uplink-settings.ts'

/** In place of the name of an interface: whichever modem is there. */
export const ANY_MODEM = 'any'
/** Each is one modem with one process of ModemManager's behind it: a board has no use for more. */
const ENTRIES_MAX = 4

/** 3GPP TS 23.003, 9.1: labels as in a name of the DNS, 100 bytes with their lengths; some networks have `_`, too. */
const APN = /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$/

/** What QMI and MBIM carry of a login is plain ASCII, and not longer. */
const loginSchema = lineSchema.max(127, 'must have at most 127 characters').regex(/^[ -~]*$/, {
  error: 'must be plain characters: letters and digits without accents, and signs',
})

const cellularShape = {
  interface: interfaceNameSchema.default(ANY_MODEM).meta({
    description: 'network interface of the modem, such as wwan0; `any` is whichever modem is there',
  }),
  apn: z
    .string({
      error: ({ input }) => (input === undefined ? undefined : 'must be the name in quotes, such as "internet"'),
    })
    .max(99, 'must have at most 99 characters')
    .regex(APN, 'must be the access point name of the mobile network, such as "internet": letters, digits, - and dots')
    .meta({
      description: 'access point name (APN) of the mobile network, as its operator names it',
      example: 'internet',
    }),
  user: loginSchema.optional().meta({
    description: 'login name, for an APN that asks for one',
    whenLeftOut: 'default: none',
    example: 'rack1',
    option: false,
  }),
  password: loginSchema.optional().meta({
    description: 'password of that login',
    whenLeftOut: 'default: none',
    example: 'a password',
    secret: 'text',
  }),
  pin: z
    .string('must be in quotes, such as "0000": a number loses its first zeros')
    // The message does not repeat the text, which is a secret.
    .regex(/^\d{4,8}$/, { error: 'must be 4 to 8 digits in quotes' })
    .optional()
    .meta({
      description: 'the PIN of the SIM, in quotes',
      details: 'A PIN that the SIM refuses is not tried again: three tries lock a SIM.',
      whenLeftOut: 'default: a SIM that asks for none',
      example: '0000',
      secret: 'text',
      standIn: '0000',
    }),
  roaming: z.boolean('must be true or false').default(false).meta({
    description: 'whether the modem connects in a network that is not its own',
    details: 'In a country that is not its own this may cost a lot.',
  }),
  ip: z.enum(['v4', 'v6', 'v4v6'], 'must be "v4", "v6" or "v4v6"').optional().meta({
    description: 'which addresses the modem asks for',
    whenLeftOut: 'default: "v4v6", and where the network refuses that, the others in turn',
    example: 'v4',
    option: false,
  }),
}

const checkEntry = (
  { user, password }: { user?: string | undefined; password?: string | undefined },
  context: z.core.$RefinementCtx,
) => {
  if (password === undefined || user !== undefined) return
  context.addIssue({ code: 'custom', path: ['password'], message: 'is there without user: the login needs both' })
}

const cellularSchema = z.strictObject(cellularShape).superRefine(checkEntry)

const LIST = { description: 'a QMI or MBIM modem that the board dials', identity: ['interface'] }

export const cellularList = z
  .array(cellularSchema)
  .max(ENTRIES_MAX, `must have at most ${ENTRIES_MAX} entries`)
  .superRefine((entries, context) => {
    for (const [at, entry] of entries.entries()) {
      if (entries.findIndex(other => other.interface === entry.interface) === at) continue
      const message = 'is listed twice: one entry for each modem'
      context.addIssue({ code: 'custom', path: [at, 'interface'], message })
    }
  })
  .default([])
  .meta(LIST)

export type CellularConfig = z.output<typeof cellularSchema>
export type CellularInput = z.input<typeof cellularSchema>
