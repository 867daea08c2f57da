/** How a device gets out of a network that does not let plain SSH through (docs/ways-out.md). */
import * as z from 'zod'
import { hostSchema, lineSchema, portSchema } from './names.ts'

export const proxySchema = z.strictObject({
  host: hostSchema.meta({ description: 'host name or address of the HTTP proxy', example: 'proxy.example.net' }),
  port: portSchema.default(3128).meta({ description: 'TCP port of it' }),
  user: lineSchema
    .refine(text => !text.includes(':'), 'must have no colon: the login of a proxy (RFC 7617) cannot have one')
    .optional()
    .meta({ description: 'login at it; its password is `secrets.proxy_password`', example: 'rack1' }),
})

export const waysOutSchema = z.strictObject({
  tls: z.enum(['auto', 'verify', 'off']).default('auto').meta({
    description: 'whether SSH within TLS is tried where plain SSH does not come through',
    details:
      'The pinned SSH host key inside decides in each case. `auto` accepts any certificate: a board may not know the time, and some networks show certificates of their own. `verify` accepts only one that is valid for the name of the relay.',
  }),
})

/** What SSH is wrapped in on the way to a relay: nothing; TLS; TLS through an HTTP proxy. */
export const RUNGS = ['direct', 'tls', 'proxy'] as const

/** What people read. */
export const RUNG_NAMES = {
  direct: 'plain SSH',
  tls: 'SSH within TLS',
  proxy: 'the HTTP proxy',
} as const satisfies Record<(typeof RUNGS)[number], string>

/** The way that a tunnel goes, as the status file shows it. */
export const waySchema = z.object({
  rung: z.enum(RUNGS),
  /** The HTTP proxy on it, as `host:port`. */
  proxy: z.string().nullable(),
  /** The prefix of the NAT64 that leads to the relay's IPv4 address. Older supervisors do not say. */
  nat64: z.string().nullable().optional(),
  /** What the TLS server showed; `foreign` where it is another one than before, of another issuer. */
  certificate: z.object({ fingerprint: z.string(), issuer: z.string(), foreign: z.boolean() }).nullable(),
})

/** A way for people: what is beside a plain connection; '' for that. */
export function describeWay({ proxy, nat64, rung, certificate }: z.output<typeof waySchema>): string {
  const translated = nat64 ? `through the NAT64 ${nat64}` : ''
  if (rung === 'direct') return translated
  const through = proxy === null ? '' : `, through the proxy ${proxy}`
  const opened = certificate?.foreign
    ? `; this network opens TLS: it shows a certificate of ${certificate.issuer || 'nobody'}`
    : ''
  return `within TLS${through}${translated && `, ${translated}`}${opened}`
}
