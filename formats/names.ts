/** The small formats that several configuration files share: names, ports, public keys. */
import './zod-messages.ts'
import * as z from 'zod'
import { firstOther, oddHint } from '../runtime/odd-characters.ts'
import { foreignKeyProblem } from './foreign-key.ts'
import { readStrings } from './ssh-key.ts'

/** Names are in ssh_config, authorized_keys, login names and file names: no character in them needs quotes there. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, shown('must be 1 to 32 of a-z 0-9 . _ - and begin with a letter or digit'))

/** A login name on the relay or on the device. */
export const userSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, shown('must be a login name: 1 to 32 of a-z 0-9 _ - and not begin with a digit'))

/** One line of free text without control characters. */
export const lineSchema = z
  .string()
  .min(1, 'is empty')
  .max(255, 'must have at most 255 characters')
  .superRefine((text, context) => {
    const control = firstOther(text, /\P{Cc}/u)
    if (control === undefined) return
    context.addIssue({ code: 'custom', message: `has ${control.name}, as character ${control.position}` })
  })

/** A host name (RFC 1123) or an IP address. */
export const hostSchema = z
  .string()
  .max(253)
  .refine(isHost, shown('must be a host name or an IP address, without a port'))

/** The host of a relay; its port and its login are settings of their own. */
export const relayHostSchema = z
  .string()
  .max(253)
  .superRefine((text, context) => {
    const message = relayHostProblem(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

function isHost(text: string): boolean {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)) return true
  return /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`)
}

function relayHostProblem(text: string): string | undefined {
  if (isHost(text)) return undefined
  const [, scheme, login, bracketed, plain, port] =
    /^([a-z]+:\/\/)?(?:([^@/]+)@)?(?:\[([^\]]*)\]|([^:/]*))(?::(\d+))?\/?$/i.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  if (!isHost(host)) return `must be a host name or an IP address, and nothing else${oddHint(text)}`
  const apart = [
    ...(scheme === undefined ? [] : [`without "${scheme}"`]),
    ...(login === undefined ? [] : [`the login is a setting of its own (user = "${login}")`]),
    ...(port === undefined ? [] : [`the port is a setting of its own (port = ${port})`]),
  ]
  return [`must be the host alone, "${host}"`, ...apart].join('; ')
}

/** A message that names characters outside ASCII in the value: without that, the value looks right. */
function shown(message: string) {
  return { error: ({ input }: { input?: unknown }) => `${message}${oddHint(String(input))}` }
}

/** Of the sshd of a relay, unless its settings have another: most networks let it out. */
export const RELAY_PORT = 443

export const portSchema = z.int('must be a whole number').min(1, 'must be 1 to 65535').max(65535, 'must be 1 to 65535')

/** One file, by absolute path, of characters that need no quoting in sshd_config or a shell. */
export const pathSchema = z
  .string()
  .max(255)
  .regex(/^\/[A-Za-z0-9._/+@:-]*$/, shown('must be an absolute path of letters, digits and . _ / + @ : -'))

/** Key types that both OpenSSH and ssh2 take. Certificates and sk- keys are not among them. */
const KEY_TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa']

/** The least that the authors of OpenSSH and NIST (SP 800-57) call safe. */
export const RSA_BITS = 2048

/** A public key as one line of a `.pub` file; the comment is dropped, so that equal keys are equal texts. */
export const publicKeySchema = keySchema(KEY_TYPES)

/** Keys that ssh-keygen(1) can verify a signature with: those on a FIDO token, too. */
export const signerKeySchema = keySchema([
  ...KEY_TYPES,
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
])

function keySchema(types: readonly string[]) {
  return z.string().transform((line, context) => {
    const [type = '', base64 = ''] = line.trim().split(/[ \t]+/)
    const problem = publicKeyProblem(line, type, base64, types)
    if (problem === undefined) return `${type} ${base64}`
    context.addIssue({ code: 'custom', message: problem })
    return z.NEVER
  })
}

function publicKeyProblem(line: string, type: string, base64: string, types: readonly string[]): string | undefined {
  const foreign = foreignKeyProblem(line)
  if (foreign !== undefined) return foreign
  if (line.includes('BEGIN SSH2 PUBLIC KEY')) return 'must be one line: "ssh-keygen -i -f FILE" converts it'
  if (/[\r\n]/.test(line.trim())) return 'must be one line, as in a .pub file'
  if (!types.includes(type)) {
    // The message repeats only what looks like a type: anything else may be a piece of a private key.
    const got = /^[a-z][a-z0-9@.-]{0,50}$/.test(type) ? ` (got "${type}")` : oddHint(type)
    return `must be a public key line beginning with ${KEY_TYPES.slice(0, 2).join(', ')} …${got}`
  }
  const blob = Buffer.from(base64, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || blob.toString('base64') !== base64)
    return `is damaged: not whole base64${oddHint(base64)}`
  const [ownType, ...fields] = readStrings(blob) ?? []
  if (
    ownType?.toString('latin1') !== type ||
    fields.length === 0 ||
    (type === 'ssh-ed25519' && fields[0]?.length !== 32)
  ) {
    return `is damaged: the part after "${type}" is not a complete key of that type`
  }
  const bits = type === 'ssh-rsa' ? bitLength(fields[1]) : undefined
  if (bits !== undefined && bits < RSA_BITS) {
    return `is an RSA key of ${bits} bits, which can be broken: make one of ${RSA_BITS} or more, or better Ed25519 ("ssh-keygen -t ed25519")`
  }
  return undefined
}

/** Of a positive number as SSH writes it (RFC 4251, section 5, mpint): 0 for one that is missing. */
function bitLength(number: Buffer = Buffer.alloc(0)): number {
  const from = number.findIndex(byte => byte !== 0)
  return from < 0 ? 0 : (number.length - from) * 8 - Math.clz32(number[from] ?? 0) + 24
}
