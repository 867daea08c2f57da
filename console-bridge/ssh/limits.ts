/** How much the bridge's SSH server takes from whom; why these bounds: docs/decisions/0025. */

export interface ServerLimits {
  /** Milliseconds from the TCP connection to the greeting, and from its place to the proved key. */
  loginMs: number
  /**
   * Milliseconds from there for a client that was told that its key would do: it asks the person for the key's passphrase
   * only then, or to touch a token. As long as the default of sshd's LoginGraceTime.
   */
  askedMs: number
  /** Bytes that a client may send before its key is proved: 20 tries with RSA keys of 4096 bits are 40 KB. */
  loginBytes: number
  /** Connections whose client sent no greeting yet: a port scan, a local look. */
  unnamed: number
  /**
   * Connections that greeted and are not logged in yet. Each costs 16 kB of memory after its key exchange (33 kB with
   * chacha20-poly1305), and 3.5 ms of processor time on a PC; measured with 31 at once, Node 20.
   */
  waiting: number
  /**
   * Connections that greeted and have no place yet, and for how many milliseconds at most. Nothing more is read of them. As
   * many as the tunnel lets through, so that there nobody's flood refuses others: 16 a second get a place.
   */
  queued: number
  queuedMs: number
  /** Places for the supervisor's self-test beside those. */
  selftest: number
  /** Milliseconds for which a connection is not dropped in favour of a newer one. */
  sparedMs: number
  /** Waiting connections a key that are never dropped, because this key was asked about and would do. */
  askedPerKey: number
  /** Logged-in connections a key; `localConnections` an account of the device itself, which people may share. */
  connectionsPerKey: number
  localConnections: number
  /** Logged-in connections in all beside the first one of each key, which is always let in. */
  furtherConnections: number
  /** Milliseconds that a logged-in connection may stay without a session. */
  idleMs: number
  /** Keys that one connection may try: an agent may hold many. */
  loginTries: number
  sessionsPerConnection: number
  /** Milliseconds between two keepalives, and how many may go unanswered: 45 s until a dead writer's place is free. */
  keepaliveMs: number
  keepaliveMisses: number
}

export const DEFAULT_LIMITS: ServerLimits = {
  loginMs: 20_000,
  askedMs: 120_000,
  loginBytes: 131_072,
  unnamed: 64,
  waiting: 32,
  queued: 256,
  queuedMs: 30_000,
  selftest: 2,
  sparedMs: 2_000,
  askedPerKey: 4,
  connectionsPerKey: 8,
  localConnections: 16,
  furtherConnections: 32,
  idleMs: 60_000,
  loginTries: 20,
  sessionsPerConnection: 10,
  keepaliveMs: 15_000,
  keepaliveMisses: 2,
}
