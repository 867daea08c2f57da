/** How long to wait before the next attempt: short at first, then in proportion to the time without a tunnel; pure. */
import type { Intervals } from '../../formats/device-config.ts'
import type { Failure } from '../failure.ts'

/** Milliseconds of quick attempts after a tunnel was lost: most faults end within them. */
export const QUICK_MS = 15_000
/** Milliseconds after which waits may grow longer than `backoffMaxS`. */
const LONG_DOWN_MS = 600_000
/** The longest wait after that, in milliseconds; before that, the longest where only a person can help. */
const LONG_WAIT_MS = 30_000
/** A wait is this part of the time without a tunnel. */
const PROPORTION = 1 / 10
/** Waits vary by up to this part, so that a thousand devices that are cut off together do not come back together. */
const JITTER = 0.2
/** sshd's MaxStartups turns away at random: milliseconds that make a thousand devices come back in a minute, not in a second. */
const TURNED_AWAY = { minMs: 2_000, spreadMs: 8_000 }

/** Milliseconds within which the first try begins when a tunnel that worked is lost: one that was ended is there again at once. */
const FIRST_MS = 300

export interface Situation {
  /** A tunnel that worked was lost just now, and no try was made since. */
  isFirst?: boolean
  /** Milliseconds since the last tunnel was lost, or since the start. */
  downMs: number
  /** How the last try at each relay ended. */
  lastFailures: readonly Failure[]
}

type Limits = Pick<Intervals, 'backoffMinS' | 'backoffMaxS' | 'slowRetryS'>

/**
 * Milliseconds until the next try.
 * @param random a number in [0, 1), as `Math.random` gives
 */
export function retryWaitMs(
  { isFirst, downMs, lastFailures }: Situation,
  limits: Limits,
  random: () => number,
): number {
  if (lastFailures.at(-1)?.turnedAway) return TURNED_AWAY.minMs + TURNED_AWAY.spreadMs * random()
  if (isFirst) return Math.round(FIRST_MS * random())
  const minMs = limits.backoffMinS * 1000
  const waitMs = downMs < QUICK_MS ? minMs : Math.max(minMs, Math.min(downMs * PROPORTION, longestMs(downMs)))
  return Math.round(waitMs * (1 - JITTER + 2 * JITTER * random()))

  function longestMs(downMs: number): number {
    if (lastFailures.length > 0 && lastFailures.every(isForPeople)) {
      const slowMs = limits.slowRetryS * 1000
      // Less the jitter, so that it is at most 30 s.
      return downMs < LONG_DOWN_MS ? Math.min(slowMs, LONG_WAIT_MS / (1 + JITTER)) : slowMs
    }
    const maxMs = limits.backoffMaxS * 1000
    return downMs < LONG_DOWN_MS ? maxMs : Math.max(maxMs, LONG_WAIT_MS / (1 + JITTER))
  }
}

/** Milliseconds for a TCP connection to come about: in the quick phase, a lost SYN is repeated by a new try. */
export function synMs(downMs: number): number {
  return downMs < QUICK_MS ? 2_000 : 10_000
}

/** Where only a person can help, attempts are rare, so that the relay's log stays readable. */
function isForPeople({ state }: Failure): boolean {
  return state === 'refused' || state === 'duplicate'
}
