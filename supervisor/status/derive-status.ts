/** Facts → one word and its cause: the worst cause wins, and hides its own symptoms. */
import type { Word } from '../../runtime/status-words.ts'
import type { Facts } from './facts.ts'

export interface Status {
  word: Word
  /** One sentence part for a technician; it changes only when the matter does, so it holds no ages and counts. */
  cause: string
}

export interface Limits {
  /** Monotonic milliseconds now: a board without a clock learns the time long after it started. */
  nowMs: number
  /** Milliseconds for which a proof holds; past it, something that should have renewed it did not. */
  proofMaxAgeMs: number
  /** Milliseconds after which another supervisor that was turned away counts as gone. */
  othersMaxAgeMs: number
}

/** The status at one moment. Nothing else in the supervisor decides what the LED says. */
export function deriveStatus(facts: Facts, limits: Limits): Status {
  if (facts.configurationFault !== undefined) return { word: 'unconfigured', cause: facts.configurationFault }
  if (facts.tunnel.state === 'down') {
    if (!facts.linkUp) return { word: 'no-link', cause: 'no network interface has an address' }
    return facts.tunnel.failure ?? { word: 'no-relay', cause: 'connecting for the first time' }
  }
  if (facts.othersSeenMs !== undefined && limits.nowMs - facts.othersSeenMs < limits.othersMaxAgeMs) {
    return { word: 'duplicate', cause: 'another device with this identity tries to connect; this one holds the place' }
  }
  // Nothing is proved while it is off, by order: that is no fault to show.
  if (facts.maintenance !== 'on') {
    return { word: 'maintenance', cause: `remote maintenance is switched ${facts.maintenance} by the operator` }
  }
  return provedStatus(facts, limits)
}

function provedStatus({ proof, sessions }: Facts, { nowMs, proofMaxAgeMs }: Limits): Status {
  switch (proof.state) {
    case 'none':
      return { word: 'unproved', cause: 'connected; the first self-test is running' }
    case 'failed':
      return { word: 'unproved', cause: proof.cause }
    case 'proved':
      if (nowMs - proof.atMs > proofMaxAgeMs) return { word: 'unproved', cause: 'the last proof is too old' }
      if (sessions.shell + sessions.console > 0) return { word: 'in-use', cause: 'proved, and somebody is in' }
      return { word: 'ready', cause: 'proved: a technician can get in' }
    default:
      return proof satisfies never
  }
}
