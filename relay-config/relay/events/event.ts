/** An event as a NOC gets it, by every sink the same; pure. */
import * as z from 'zod'

/** Of syslog (RFC 5424, section 6.2.1), with their numbers. */
export const SEVERITIES = { error: 3, warning: 4, notice: 5, info: 6 } as const

interface Kind {
  severity: keyof typeof SEVERITIES
  /** A phrase for the docs. */
  about: string
  /** Told where a sink does not choose. */
  byDefault: boolean
}

const usual = (severity: Kind['severity'], about: string): Kind => ({ severity, about, byDefault: true })
const onRequest = (severity: Kind['severity'], about: string): Kind => ({ severity, about, byDefault: false })

export const KINDS = {
  'device-lost': usual('error', 'nobody can get into a device any more: it is away, silent, or not proved'),
  'device-left': usual('notice', 'a device has left this relay, and may be at another of its relays'),
  'device-proved': usual('notice', 'a device that was lost, or had left, is proved again'),
  'console-closed': usual('warning', 'the line of a console is not open'),
  'console-open': usual('notice', 'a console that was closed is open again'),
  login: usual('notice', 'somebody has come to a console or a shell'),
  'login-refused': usual('warning', 'somebody was refused at a device or a login'),
  break: usual('notice', 'somebody has sent a BREAK'),
  alert: usual('warning', 'a target said what an alert rule looks for'),
  'settings-refused': usual('warning', 'a device refused a settings document, or went back to the settings before'),
  'access-off': usual('notice', 'the operator has switched access to a device off'),
  'access-on': usual('notice', 'the operator has switched access to a device on'),
  dropped: usual('warning', 'events were lost on the way to this sink, or before: how many'),
  test: usual('info', '`oobm-relay events --test`'),
  session: onRequest('info', 'somebody has left a console or a shell, with the times'),
  settings: onRequest('info', 'a settings document was left for a device, or is in force there'),
  power: onRequest('notice', 'the outlets of a target were switched'),
  command: onRequest('info', 'a command was run at a console'),
  typed: onRequest('info', 'how much somebody sent to a target'),
  uplink: onRequest('info', 'a device works by another uplink, or another way'),
  enrolled: onRequest('info', 'a device connected for the first time'),
  operator: onRequest('info', 'what else the operator did: `apply`, passwords'),
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as [KindName, ...KindName[]]
export const DEFAULT_KINDS: readonly KindName[] = KIND_NAMES.filter(name => KINDS[name].byDefault)

const time = z.iso.datetime()

export const eventSchema = z
  .object({
    version: z.literal(1),
    id: z.string().meta({ description: 'the same each time that this event is sent' }),
    event: z.enum(KIND_NAMES),
    severity: z.enum(Object.keys(SEVERITIES) as [Kind['severity'], ...Kind['severity'][]]),
    at: time.meta({ description: 'when it happened; of what lasts, when it was seen' }),
    relay: z.string().meta({ description: 'the relay that tells it' }),
    device: z.string().optional(),
    console: z.string().optional(),
    technician: z.string().optional(),
    since: time.optional().meta({ description: 'when what lasts began' }),
    provedAt: time.optional().meta({ description: 'when the way into the device was last proved' }),
    state: z.string().optional().meta({ description: 'of the device, as status shows it' }),
    rule: z.string().optional().meta({ description: 'of an alert' }),
    count: z.int().optional().meta({ description: 'of an alert, the lines that matched; of dropped, the events' }),
    fromDevice: z.boolean().optional().meta({ description: 'only the device says so; the relay has not seen it' }),
    text: z.string().meta({ description: 'which device, what, since when' }),
    next: z.string().optional().meta({ description: 'what to type next' }),
  })
  .meta({ title: 'An event of oobm-relay' })

export type RelayEvent = z.output<typeof eventSchema>

/** What an event is made of; the rest is added when it is kept for the sinks. */
export type Happening = Omit<RelayEvent, 'version' | 'id' | 'severity' | 'relay'>
