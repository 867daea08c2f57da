/** The algorithms for the key exchange of a relay's sshd, best first, and those that an sshd offers beyond them (sshd_config(5), ssh -Q); pure. */

/** Of one kind of algorithm. */
interface Kind {
  /** The setting of sshd_config. */
  setting: 'KexAlgorithms' | 'Ciphers' | 'MACs'
  /** Any client since 2016 has one of these; nistp256 is for clients without curve25519, such as Tera Term 4. */
  taken: readonly string[]
}

/**
 * No finite-field groups, no SHA-1, no encrypt-and-MAC, nothing of 64 bits. Each sshd gets those that it knows: the first two key
 * exchanges are the post-quantum ones of OpenSSH 9.9 and 8.5.
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

/** Entries of a list of algorithms that are not algorithms: RFC 8308, and OpenSSH's PROTOCOL, 1.10. */
const MARKERS = ['ext-info-s', 'kex-strict-s-v00@openssh.com']

/** By setting: what an sshd offers. */
export type Offer = Readonly<Record<Kind['setting'], readonly string[]>>

/** Lines of sshd_config, for outside of all Match blocks: sshd allows them nowhere else. */
export function algorithmSettings(offer: Offer): string[] {
  return KINDS.map(
    ({ setting, taken }) => `${setting} ${taken.filter(name => offer[setting].includes(name)).join(',')}`,
  )
}

/** The algorithms that an sshd offers and no client of ours needs. */
export function superfluous(offer: Offer): string[] {
  return KINDS.flatMap(({ setting, taken }) =>
    offer[setting].filter(name => !taken.includes(name) && !MARKERS.includes(name)),
  )
}
