/** What we offer in the key exchange (RFC 4253, section 7.1): what sshd 7.4 to 10 has, without SHA-1 and without group exchange. */
import type { ConnectConfig } from 'ssh2'
import type { HostKeyAlgorithm } from './host-key.ts'

type Algorithms = NonNullable<ConnectConfig['algorithms']>

/** @param serverHostKey of the pinned keys: a server with several must show one of these */
export function algorithms(serverHostKey: readonly HostKeyAlgorithm[]): Algorithms {
  // ssh2's own types lack some of the names that it has.
  return { ...OFFER, serverHostKey: [...serverHostKey] } as unknown as Algorithms
}

/** The client's order decides. AES-GCM costs a board the least; chacha20-poly1305 is for servers that allow nothing else. */
export const OFFER = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  // ssh2 inflates a packet without a limit, before the login too: 33 kB become 33 MB while nothing else runs.
  compress: ['none'],
} as const
