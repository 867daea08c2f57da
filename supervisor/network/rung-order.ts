/** In which order the ways to a relay are tried, and which of them are worth it; pure. */
import { RUNGS, type Rung } from '../../transport/way.ts'

/** Whom a failure points at. */
export type Blame =
  /** No TCP connection came about. */
  | 'network'
  /** A connection came about, and the relay's SSH server was not behind it, or it broke. */
  | 'way'
  /** The relay itself said no: it says so by each way. */
  | 'relay'

/**
 * Failures in a row after which a try goes on to other ways where the direct one worked before, when it fails by that once
 * more: a relay that restarts needs no other.
 */
const PATIENCE = 1

/** The ways that are left, the simplest first; a proxy is no use without TLS inside it. */
export function rungsLeft({ tls, proxy }: { tls: boolean; proxy: boolean }): Rung[] {
  return RUNGS.filter(rung => rung === 'direct' || (tls && (rung === 'tls' || proxy)))
}

export interface OrderOptions {
  /** The simplest first. */
  available: readonly Rung[]
  /** What was proved last on this network. */
  remembered: Rung | undefined
  /** The direct way was not tried for long. */
  isDirectDue: boolean
  /** Tries in a row by which the relay was not reached. */
  failures: number
}

export function rungOrder({ available, remembered, isDirectDue, failures }: OrderOptions): Rung[] {
  if (remembered === undefined || !available.includes(remembered)) return [...available]
  if (remembered === 'direct') return failures < PATIENCE ? ['direct'] : [...available]
  const first: Rung[] = isDirectDue ? ['direct', remembered] : [remembered]
  return [...first, ...available.filter(rung => !first.includes(rung))]
}

/** @param failed how each way failed that was tried just now */
export function isWorthTrying(rung: Rung, failed: ReadonlyMap<Rung, Blame>): boolean {
  if ([...failed.values()].includes('relay')) return false
  if (rung === 'proxy') return true
  // Both are TCP connections to the same port of the same relay.
  return RUNGS.every(other => other === 'proxy' || failed.get(other) !== 'network')
}
