/** A network login (802.1X, WPA-Enterprise): its settings, and the parts that each method needs. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { hostSchema, lineSchema } from './names.ts'

/** One certificate or several, PEM (RFC 7468). Checks that they are whole, not that they are valid now: the board may not know the time. */
const certificateSchema = z.string().refine(text => readCertificate(text) !== undefined, {
  message: 'must be a certificate in PEM form, from BEGIN to END',
  abort: true,
})

const PEM_EXAMPLE = '-----BEGIN CERTIFICATE----- ...'

/** A private key, PEM; one with a password is opened in {@link checkEap}. */
const pemKeySchema = z
  .string()
  .refine(hasKey, { message: 'must be a private key in PEM form, from BEGIN to END', abort: true })

export const eapSchema = z
  .strictObject({
    method: z.enum(['peap', 'ttls', 'tls'], 'must be "peap", "ttls" or "tls"').meta({
      description: 'how the board logs in: `tls` with a certificate, the others with a password',
      example: 'peap',
    }),
    identity: lineSchema.meta({ description: 'who logs in', example: 'rack1@example.net' }),
    anonymousIdentity: lineSchema
      .optional()
      .meta({ description: 'the name that is sent unencrypted', example: 'anonymous@example.net' }),
    password: lineSchema.optional().meta({
      description: 'password of the login',
      whenLeftOut: 'required for "peap" and "ttls"',
      example: 'a password',
      secret: 'text',
    }),
    inner: z
      .enum(['mschapv2', 'pap'], 'must be "mschapv2" or "pap"')
      .default('mschapv2')
      .meta({ description: 'how the login server checks the password; `pap` goes with `ttls` only' }),
    ca: certificateSchema.optional().meta({
      description: 'certificate of the authority that signed the one of the login server, as PEM',
      whenLeftOut: 'required with verify',
      example: PEM_EXAMPLE,
    }),
    domain: hostSchema
      .optional()
      .meta({ description: "the login server's own name, or the domain at its end", example: 'radius.example.net' }),
    verify: z.boolean('must be true or false').default(true).meta({
      description: 'whether the board checks the certificate of the login server',
      details: 'With `false` it gives the password to anybody who claims to be this network.',
    }),
    clientCertificate: certificateSchema.optional().meta({
      description: 'certificate of this board, as PEM',
      whenLeftOut: 'required for "tls"',
      example: PEM_EXAMPLE,
    }),
    clientKey: pemKeySchema.optional().meta({
      description: 'private key of that certificate, as PEM',
      whenLeftOut: 'required for "tls"',
      example: '-----BEGIN PRIVATE KEY----- ...',
      secret: 'private-key',
    }),
    clientKeyPassword: lineSchema
      .optional()
      .meta({ description: 'password of that key, if it has one', example: 'a password', secret: 'text' }),
  })
  .superRefine(checkEap)

interface Eap {
  method: 'peap' | 'ttls' | 'tls'
  password?: string | undefined
  inner: 'mschapv2' | 'pap'
  ca?: string | undefined
  verify: boolean
  clientCertificate?: string | undefined
  clientKey?: string | undefined
  clientKeyPassword?: string | undefined
}

function checkEap(eap: Eap, context: z.core.$RefinementCtx): void {
  const report = (key: keyof Eap, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const { method, password, inner, ca, verify, clientCertificate, clientKey } = eap
  if (verify && ca === undefined)
    report('ca', 'is missing: without it anybody can pretend to be this network (verify = false takes that risk)')
  if (method === 'peap' && inner === 'pap') report('inner', '"pap" does not go with PEAP')
  if (method !== 'tls') {
    if (password === undefined) report('password', `is missing: "${method}" needs it`)
    return
  }
  if (clientCertificate === undefined) report('clientCertificate', 'is missing: "tls" needs it')
  if (clientKey === undefined) report('clientKey', 'is missing: "tls" needs it')
  if (clientCertificate === undefined || clientKey === undefined) return
  const key = readKey(clientKey, eap.clientKeyPassword)
  if (key === undefined) report('clientKey', 'cannot be read with client_key_password')
  else if (!readCertificate(clientCertificate)?.checkPrivateKey(key))
    report('clientKey', 'is not the key of client_certificate')
}

function hasKey(text: string): boolean {
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[\s\S]+\n-----END [A-Z ]*PRIVATE KEY-----\s*$/.test(text.trim())
}

function readKey(text: string, passphrase: string | undefined) {
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) })
  } catch {
    return undefined
  }
}

function readCertificate(text: string): X509Certificate | undefined {
  try {
    return text.includes('-----BEGIN CERTIFICATE-----') ? new X509Certificate(text) : undefined
  } catch {
    return undefined
  }
}
