/** What must hold of a network login (802.1X, WPA-Enterprise): whole certificates, and the parts that its method needs. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import * as z from 'zod'

/** One certificate or several, PEM (RFC 7468); whether they are whole, not whether they are valid now: the board may not know the time. */
export const certificateSchema = z.string().refine(text => readCertificate(text) !== undefined, {
  message: 'must be a certificate in PEM form, from BEGIN to END',
  abort: true,
})

/** A private key, PEM; one with a password is opened in {@link checkEap}. */
export const pemKeySchema = z
  .string()
  .refine(hasKey, { message: 'must be a private key in PEM form, from BEGIN to END', abort: true })

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

export function checkEap(eap: Eap, context: z.core.$RefinementCtx): void {
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
