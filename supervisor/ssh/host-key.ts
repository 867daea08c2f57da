/** Whether a server is the one that was pinned: the only judge of host keys in the supervisor. */
import { fingerprint, publicKeyBlob } from '../../formats/ssh-key.ts'

/** Judges one server's key, and remembers what was offered, for the message. */
export interface HostKeyCheck {
  /** For ssh2's `hostVerifier`: synchronous and strictly boolean, since ssh2 takes anything but `false` for a yes. */
  verify(offered: Buffer): boolean
  /** Fingerprint of a key that was offered and rejected. */
  rejected(): string | undefined
  /** Key algorithms to ask for: a server with several host keys must show a pinned one. */
  algorithms: HostKeyAlgorithm[]
}

export type HostKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256'

/** @param pinned public keys, each as type and base64 */
export function checkHostKey(pinned: readonly string[]): HostKeyCheck {
  let rejected: string | undefined
  return {
    rejected: () => rejected,
    algorithms: [...new Set(pinned.flatMap(line => algorithmsOf(line.split(' ')[0] ?? '')))],
    verify: offered => {
      try {
        if (Buffer.isBuffer(offered) && offered.length > 0 && pinned.some(line => publicKeyBlob(line).equals(offered)))
          return true
        rejected = fingerprint(offered)
      } catch {
        rejected = 'a key that cannot be read'
      }
      return false
    },
  }
}

/** The signature algorithms of a key type; RFC 8332 gives RSA two that are not SHA-1. */
function algorithmsOf(type: string): HostKeyAlgorithm[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type as HostKeyAlgorithm]
}
