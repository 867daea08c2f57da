/** The bounds of the bridge's SSH server; why: docs/decisions/0025. */

export interface ServerLimits {
  /** Milliseconds from the TCP connection to the identification, and from its place to the proved key. */
  loginMs: number
  /**
   * Milliseconds from there for a client that was told that its key is acceptable: only then it asks the person for the
   * key's passphrase. The default of sshd's LoginGraceTime.
   */
  askedMs: number
  /** Bytes that a client may send before its key is proved: 20 tries with RSA keys of 4096 bits are 40 KB. */
  loginBytes: number
  /** Connections without an identification yet: a port scan, a local check. */
  unnamed: number
  /**
   * Connections that identified themselves and are not logged in yet. Each costs 16 kB of memory after its key exchange
   * (33 kB with chacha20-poly1305), and 3.5 ms of processor time on a PC; measured with 31 at once, Node 20.
   */
  waiting: number
  /**
   * Connections that identified themselves and have no place yet, and for how many milliseconds at most. Nothing more
   * is read from them. As many as the tunnel lets through, so that no flood there keeps others out: 16 a second get a
   * place.
   */
  queued: number
  queuedMs: number
  /** Places for the supervisor's self-test, beside those. */
  selftest: number
  /** Milliseconds for which a connection is not dropped for a newer one. */
  sparedMs: number
  /** Waiting connections of one key that are never dropped, because the key is acceptable. */
  askedPerKey: number
  /**
   * Logged-in connections of one key; `localConnections` of one account of the device itself, which people may share.
   */
  connectionsPerKey: number
  localConnections: number
  /** Logged-in connections in all, beside the first one of each key, which is always let in. */
  furtherConnections: number
  /** Milliseconds that a logged-in connection may stay without a session. */
  idleMs: number
  /** Keys that one connection may try: an agent may hold many. */
  loginTries: number
  sessionsPerConnection: number
  /** Milliseconds between two keepalives, and how many may go unanswered: a dead writer's seat is free after 45 s. */
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
