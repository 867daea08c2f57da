/** Who may log in: the public key alone says who somebody is, and whether a relay vouches for him. */
import ssh2, { type AuthContext } from 'ssh2'
import type { TechnicianConfig } from '../../runtime/device-config.ts'
import { parseLogin } from './login-name.ts'

export type Technician = Pick<TechnicianConfig, 'name' | 'keys' | 'role' | 'consoles' | 'viaRelay' | 'hopKeys'>

/** Who logged in, and to what. */
export interface Identity extends Pick<Technician, 'name' | 'role' | 'consoles'> {
  /**
   * `relay` for a hop key: a relay knows them by their login there, and this bridge takes its word. `shell` for a login without
   * a key, by an account of this device.
   */
  via?: 'relay' | 'shell'
  /** May send everybody away: the device itself. */
  mayDismiss?: boolean
}

/** Whose key this is; undefined when it is nobody's, or the login name names another. */
export function identityOf(technicians: readonly Technician[], login: string, keyBlob: Buffer): Identity | undefined {
  const base64 = keyBlob.toString('base64')
  const isThis = (key: string) => key.split(' ')[1] === base64
  const { technician: named, console } = parseLogin(login)
  const owner = technicians.find(({ keys }) => keys.some(isThis))
  if (owner) return named === undefined || named === owner.name ? owner : undefined

  const holder = technicians.find(({ hopKeys }) => hopKeys.some(isThis))
  // A hop key opens one console that it names in full, as the one technician whom it stands for.
  if (!holder || named !== holder.name || !holder.viaRelay.includes(console)) return undefined
  if (holder.consoles?.includes(console) === false) return undefined
  return { name: holder.name, role: holder.role, consoles: [console], via: 'relay' }
}

/**
 * Answers one authentication request.
 * @returns who it is once the signature is proved; `asked` for a client that only asks whether a key would do, and is told that
 *   it would; undefined for a refusal
 */
export function authenticate(context: AuthContext, technicians: readonly Technician[]): Identity | 'asked' | undefined {
  if (context.method !== 'publickey') {
    context.reject(['publickey'])
    return undefined
  }
  const identity = identityOf(technicians, context.username, context.key.data)
  if (!identity || !isSound(context)) {
    context.reject(['publickey'])
    return undefined
  }
  context.accept()
  return context.signature ? identity : 'asked'
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
