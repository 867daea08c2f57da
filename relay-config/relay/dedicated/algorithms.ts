/** What a relay's sshd takes in the key exchange, best first, and what an sshd offers beyond that (sshd_config(5), ssh -Q); pure. */

/** Of one kind of algorithm. */
interface Kind {
  /** The setting of sshd_config. */
  setting: 'KexAlgorithms' | 'Ciphers' | 'MACs'
  /** Those that any client since 2016 has one of; nistp256 is for clients without curve25519, such as Tera Term 4. */
  taken: readonly string[]
}

/**
 * No finite-field groups, no SHA-1, no encrypt-and-MAC, nothing of 64 bits. Each sshd is told those that it knows: the first two
 * key exchanges are post-quantum ones of OpenSSH 9.9 and 8.5.
 */
const KINDS: readonly Kind[] = [
  {
    setting: 'KexAlgorithms',
    taken: [
      'mlkem768x25519-sha256',
      'sntrup761x25519-sha512',
      'sntrup761x25519-sha512@openssh.com',
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
    ],
  },
  {
    setting: 'Ciphers',
    taken: [
      'chacha20-poly1305@openssh.com',
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
  },
  {
    setting: 'MACs',
    taken: ['umac-128-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  },
]

/** In a list of algorithms, and none: RFC 8308, and OpenSSH's PROTOCOL, 1.10. */
const MARKERS = ['ext-info-s', 'kex-strict-s-v00@openssh.com']

/** By setting: what an sshd offers. */
export type Offer = Readonly<Record<Kind['setting'], readonly string[]>>

/** Lines of sshd_config. They stand outside of all Match blocks: sshd allows them nowhere else. */
export function algorithmSettings(offer: Offer): string[] {
  return KINDS.map(
    ({ setting, taken }) => `${setting} ${taken.filter(name => offer[setting].includes(name)).join(',')}`,
  )
}

/** What an sshd offers and no client of ours needs. */
export function superfluous(offer: Offer): string[] {
  return KINDS.flatMap(({ setting, taken }) =>
    offer[setting].filter(name => !taken.includes(name) && !MARKERS.includes(name)),
  )
}
