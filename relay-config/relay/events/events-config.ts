/** The file that says where events go, /etc/oobm-relay/events.toml: the only definition of the format. */
import * as z from 'zod'
import { nameSchema } from '../../../formats/names.ts'
import { parseToml } from '../../../formats/toml-file.ts'
import { DEFAULT_KINDS, KIND_NAMES } from './event.ts'

export const EVENTS_FILE = '/etc/oobm-relay/events.toml'

/** Of syslog, with their numbers (RFC 5424, section 6.2.1). */
export const FACILITIES = {
  ...{ user: 1, daemon: 3, auth: 4, local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21 },
  ...{ local6: 22, local7: 23 },
} as const

const SYSLOG = /^(udp|tcp|tls):\/\/(\[[\da-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/i
const ONE = 'needs one of syslog, webhook and command, and not two'
const absolute = z.string().startsWith('/', 'must be an absolute path')

const sinkShape = z
  .strictObject({
    name: nameSchema.meta({ description: 'name of the sink, in logs and metrics' }),
    syslog: z
      .string()
      .regex(SYSLOG, 'must be udp://HOST, tcp://HOST or tls://HOST, with :PORT where it is not the usual one')
      .optional()
      .meta({ description: 'a collector that takes RFC 5424: udp://HOST:514, tcp://HOST:601 or tls://HOST:6514' }),
    facility: z
      .enum(Object.keys(FACILITIES) as [keyof typeof FACILITIES])
      .default('daemon')
      .meta({ description: 'facility of the messages to syslog' }),
    webhook: z
      .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
      .optional()
      .meta({ description: 'address to which each event is posted as JSON' }),
    headersFile: absolute.optional().meta({ description: 'more headers of the webhook, one a line, such as a token' }),
    caFile: absolute.optional().meta({ description: 'certificates (PEM) that TLS trusts in place of the system’s' }),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({ description: 'program and arguments, run for each event with its JSON on standard input' }),
    events: z
      .array(
        z.enum(KIND_NAMES, { error: ({ input }) => `"${input}" is not an event; there are: ${KIND_NAMES.join(', ')}` }),
      )
      .min(1)
      .default([...DEFAULT_KINDS])
      .meta({ description: 'the events that it gets' }),
  })
  .superRefine(({ syslog, webhook, command, headersFile, caFile }, context) => {
    const given = [syslog, webhook, command].filter(one => one !== undefined).length
    if (given !== 1) context.addIssue({ code: 'custom', message: ONE })
    if (headersFile !== undefined && webhook === undefined)
      context.addIssue({ code: 'custom', path: ['headersFile'], message: 'is for a webhook' })
    const isTls = syslog?.toLowerCase().startsWith('tls:') || webhook?.startsWith('https:')
    if (caFile !== undefined && !isTls)
      context.addIssue({ code: 'custom', path: ['caFile'], message: 'is for tls:// and https://' })
  })

export const eventsShape = z.strictObject({
  version: z.literal(1, 'must be 1').meta({ description: 'version of this format' }),
  settleS: z
    .int()
    .min(0)
    .max(3_600, 'must be 0 to 3600')
    .default(60)
    .meta({ description: 'seconds for which a device must be lost, or a console closed, before it is told' }),
  sinks: z
    .array(sinkShape)
    .min(1, 'needs a [[sinks]]: without one, nobody is told')
    .superRefine((sinks, context) => {
      for (const [index, { name }] of sinks.entries()) {
        if (sinks.findIndex(one => one.name === name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another sink, too' })
      }
    }),
})

export type EventsConfig = z.output<typeof eventsShape>
export type SinkConfig = EventsConfig['sinks'][number]

/** @throws ConfigurationError */
export function parseEventsConfig(file: string, text: string): EventsConfig {
  return parseToml(file, text, eventsShape)
}

const PORTS = { udp: 514, tcp: 601, tls: 6514 } as const
export type SyslogTransport = keyof typeof PORTS

/** @param address as {@link SYSLOG} takes it */
export function syslogTarget(address: string): { transport: SyslogTransport; host: string; port: number } {
  const [, scheme = 'udp', host = '', port] = SYSLOG.exec(address) ?? []
  const transport = scheme.toLowerCase() as SyslogTransport
  return {
    transport,
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? PORTS[transport] : Number(port),
  }
}
