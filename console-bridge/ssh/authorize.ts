/** Who may log in: the public key alone says who somebody is, and whether a relay vouches for them. */
import { createPublicKey } from 'node:crypto'
import ssh2, { type AuthContext, type ParsedKey } from 'ssh2'
import type { ConsoleConfig, TechnicianConfig } from '../../formats/device-config.ts'
import { RSA_BITS } from '../../formats/names.ts'
import { parseLogin } from '../commands/login-name.ts'
import { acceptKey } from './user-auth.ts'

export type Technician = Pick<TechnicianConfig, 'name' | 'keys' | 'role' | 'consoles' | 'viaRelay' | 'hopKeys'> &
  Partial<Pick<TechnicianConfig, 'shell' | 'admin' | 'escapeSet' | 'power'>>

/** Who logged in, and to what. */
export interface Identity extends Pick<Technician, 'name' | 'role' | 'consoles' | 'escapeSet'> {
  /**
   * `relay`: by a hop key; the person logged in at a relay, and this bridge trusts it for that. `shell`: without a key,
   * by an account of this device.
   */
  via?: 'relay' | 'shell'
  /** May become root on the device; not known of somebody for whom a relay vouches. */
  isAdmin?: boolean
  /** Consoles whose outlets they may switch. */
  power?: readonly string[]
  /** May use the shell of the device, and so its spare ports; all who come by an account may. */
  hasShell?: boolean
  /** Root and the supervisor. */
  isDevice?: boolean
}

/** @returns whose key this is; undefined when it is nobody's, or the login name names somebody else */
export function identityOf(technicians: readonly Technician[], login: string, keyBlob: Buffer): Identity | undefined {
  const base64 = keyBlob.toString('base64')
  const isThis = (key: string) => key.split(' ')[1] === base64
  const { technician: named, console } = parseLogin(login)
  const owner = technicians.find(({ keys }) => keys.some(isThis))
  if (owner) {
    if (named !== undefined && named !== owner.name) return undefined
    const { name, role, consoles, admin, shell, escapeSet, power = [] } = owner
    return {
      name,
      role,
      consoles,
      ...(escapeSet && { escapeSet }),
      ...(admin && { isAdmin: true }),
      ...(power.length > 0 && { power }),
      ...((shell || admin) && { hasShell: true }),
    }
  }

  const holder = technicians.find(({ hopKeys }) => hopKeys.some(isThis))
  // A hop key opens one console, named in full, and only for its own technician.
  if (!holder || named !== holder.name || !holder.viaRelay.includes(console)) return undefined
  if (holder.consoles?.includes(console) === false) return undefined
  const { name, role, escapeSet } = holder
  return { name, role, consoles: [console], ...(escapeSet && { escapeSet }), via: 'relay' }
}

/** Whether this console is open to them: one at a spare port only to those who have the shell of the device. */
export function mayOpen({ consoles, hasShell = false, via }: Identity, console: ConsoleConfig): boolean {
  if (console.isProvisional) return hasShell || via === 'shell'
  return consoles?.includes(console.name) ?? true
}

type PublicKey = Extract<AuthContext, { method: 'publickey' }>

/** The result of one authentication request. */
export type Authentication =
  | { kind: 'in'; identity: Identity }
  /** The client only asked whether a key is acceptable, and it is. */
  | { kind: 'asked' }
  | { kind: 'refused' }

/**
 * Answers one authentication request; the login is complete once the signature is verified.
 * @param tell gets why this kind of key is never accepted. Called before the answer: a client without more keys leaves
 *   then.
 */
export function authenticate(
  context: AuthContext,
  technicians: readonly Technician[],
  tell: (text: string) => void,
): Authentication {
  const refuse = (text?: string): Authentication => {
    if (text !== undefined) tell(text)
    context.reject(['publickey'])
    return { kind: 'refused' }
  }
  if (context.method !== 'publickey') return refuse()
  const problem = keyProblem(context)
  if (problem !== undefined) return refuse(problem)
  const identity = identityOf(technicians, context.username, context.key.data)
  const key = parsedKey(context)
  // An algorithm name other than the key's own would choose another verification, such as RSA with SHA-1.
  if (!identity || key?.type !== context.key.algo) return refuse()
  if (!context.signature) {
    acceptKey(context)
    return { kind: 'asked' }
  }
  if (!context.blob || key.verify(context.blob, context.signature, context.hashAlgo) !== true) return refuse()
  context.accept()
  return { kind: 'in', identity }
}

/** Why no key of this kind is accepted, whoever has it. */
function keyProblem(context: PublicKey): string | undefined {
  const { algo } = context.key
  if (/-cert-v\d+@openssh\.com$/.test(algo)) {
    return 'OpenSSH certificates are not accepted; log in with the plain key'
  }
  if (algo.startsWith('sk-')) return 'security keys (sk-...) are not accepted; log in with another key'
  if (algo === 'ssh-dss') return 'DSA keys are not accepted; make an Ed25519 key (ssh-keygen -t ed25519)'
  if (algo !== 'ssh-rsa') return undefined
  if (context.hashAlgo === undefined) {
    return 'your client signs with RSA and SHA-1, which is not accepted; update it, or use an Ed25519 key'
  }
  const key = parsedKey(context)
  const bits = key && createPublicKey(key.getPublicPEM()).asymmetricKeyDetails?.modulusLength
  return bits !== undefined && bits < RSA_BITS
    ? `your RSA key has ${bits} bits, which is too short; make one of ${RSA_BITS} bits or more, or an Ed25519 key`
    : undefined
}

function parsedKey(context: PublicKey): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(context.key.data)
  if (key instanceof Error) return undefined
  return Array.isArray(key) ? key[0] : key
}
