/** How much the bridge's SSH server takes from whom. */

export interface ServerLimits {
  /** Milliseconds from the TCP connection to the proved key. */
  loginMs: number
  connections: number
  /** Connections that are not logged in yet: a scan must not keep technicians out. */
  unauthenticated: number
  /** Keys that one connection may try: an agent may hold many. */
  loginTries: number
  sessionsPerConnection: number
  /** Milliseconds between two keepalives, and how many may go unanswered: 45 s until a dead writer's place is free. */
  keepaliveMs: number
  keepaliveMisses: number
}

export const DEFAULT_LIMITS: ServerLimits = {
  loginMs: 20_000,
  connections: 32,
  unauthenticated: 8,
  loginTries: 20,
  sessionsPerConnection: 10,
  keepaliveMs: 15_000,
  keepaliveMisses: 2,
}
