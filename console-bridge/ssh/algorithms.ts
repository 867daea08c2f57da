/** What the bridge accepts in the key exchange (RFC 4253, section 7.1). The client's order decides. */
import type { ServerConfig } from 'ssh2'

type Algorithms = NonNullable<ServerConfig['algorithms']>

const TAKEN = {
  // Without finite-field groups: the largest one blocks the process, and all sessions, while it is computed, and a
  // client can choose it before it has shown any key. nistp256 is for clients without curve25519.
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  // Encrypt-then-MAC only: ssh-audit warns about the others.
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  // ssh2 inflates a packet without a limit, before the login too: 33 kB become 33 MB while nothing else runs.
  compress: ['none'],
}

// ssh2's own types lack some of the names that it supports.
export const ALGORITHMS = TAKEN as unknown as Algorithms
