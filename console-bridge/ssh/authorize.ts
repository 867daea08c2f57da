/** Who may log in: the public key alone says who somebody is. */
import ssh2, { type AuthContext } from 'ssh2'
import type { TechnicianConfig } from '../../runtime/device-config.ts'
import { parseLogin } from './login-name.ts'

export type Technician = Pick<TechnicianConfig, 'name' | 'keys' | 'role' | 'consoles'>

/** The technician whose key this is; undefined when it is nobody's, or the login name names another. */
export function technicianOf(
  technicians: readonly Technician[],
  login: string,
  keyBlob: Buffer,
): Technician | undefined {
  const base64 = keyBlob.toString('base64')
  const found = technicians.find(({ keys }) => keys.some(key => key.split(' ')[1] === base64))
  const named = parseLogin(login).technician
  return named === undefined || named === found?.name ? found : undefined
}

/**
 * Answers one authentication request.
 * @returns the technician once the signature is proved; undefined for a refusal, and for a client that only asks
 *   whether a key would do
 */
export function authenticate(context: AuthContext, technicians: readonly Technician[]): Technician | undefined {
  if (context.method !== 'publickey') {
    context.reject(['publickey'])
    return undefined
  }
  const technician = technicianOf(technicians, context.username, context.key.data)
  if (!technician || !isSound(context)) {
    context.reject(['publickey'])
    return undefined
  }
  context.accept()
  return context.signature ? technician : undefined
}

/** A question without a signature, or a signature that fits. */
function isSound(context: Extract<AuthContext, { method: 'publickey' }>): boolean {
  // RSA with SHA-1, which needs no forged key to be broken (RFC 8332).
  if (context.key.algo === 'ssh-rsa' && context.signature && context.hashAlgo === undefined) return false
  if (!context.signature) return true
  const key = ssh2.utils.parseKey(context.key.data)
  if (key instanceof Error || !context.blob) return false
  return (Array.isArray(key) ? key[0] : key)?.verify(context.blob, context.signature, context.hashAlgo) === true
}
