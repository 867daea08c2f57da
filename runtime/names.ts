/** The small formats that several configuration files share: names, ports, public keys. */
import * as z from 'zod'

/** Names go into ssh_config, authorized_keys, login names and file names: nothing in them needs quoting anywhere. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, 'must be 1 to 32 of a-z 0-9 . _ - and begin with a letter or digit')

/** A login name on the relay or on the device. */
export const userSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be a login name: 1 to 32 of a-z 0-9 _ - and not begin with a digit')

/** A host name (RFC 1123) or an IP address. */
export const hostSchema = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name or an IP address, without a port')

export const portSchema = z.int('must be a whole number').min(1, 'must be 1 to 65535').max(65535, 'must be 1 to 65535')

/** One file, by absolute path, of characters that need no quoting in sshd_config or a shell. */
export const pathSchema = z
  .string()
  .max(255)
  .regex(/^\/[A-Za-z0-9._/+@:-]*$/, 'must be an absolute path of letters, digits and . _ / + @ : -')

/** Key types that both OpenSSH and ssh2 take. Certificates and sk- keys are not among them. */
const KEY_TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa']

/** A public key as one line of a `.pub` file; the comment is dropped, so that equal keys are equal texts. */
export const publicKeySchema = z.string().transform((line, context) => {
  const [type = '', base64 = ''] = line.trim().split(/[ \t]+/)
  const problem = publicKeyProblem(line, type, base64)
  if (problem === undefined) return `${type} ${base64}`
  context.addIssue({ code: 'custom', message: problem })
  return z.NEVER
})

function publicKeyProblem(line: string, type: string, base64: string): string | undefined {
  if (line.includes('PRIVATE KEY')) return 'is a private key: give the public one, the line in the .pub file'
  if (/[\r\n]/.test(line.trim())) return 'must be one line, as in a .pub file'
  if (!KEY_TYPES.includes(type)) {
    return `must be a public key line beginning with ${KEY_TYPES.slice(0, 2).join(', ')} … (got "${type.slice(0, 40)}")`
  }
  const blob = Buffer.from(base64, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || blob.toString('base64') !== base64)
    return 'is damaged: not whole base64'
  const [ownType, ...fields] = sshStrings(blob) ?? []
  if (
    ownType?.toString('latin1') !== type ||
    fields.length === 0 ||
    (type === 'ssh-ed25519' && fields[0]?.length !== 32)
  ) {
    return `is damaged: what follows "${type}" is not a whole key of that type`
  }
  return undefined
}

/** The strings of an SSH key blob (RFC 4253, section 6.6; RFC 4251, section 5), or undefined when it is cut short. */
function sshStrings(blob: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = []
  let at = 0
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) return undefined
    strings.push(blob.subarray(at + 4, end))
    at = end
  }
  return strings
}
