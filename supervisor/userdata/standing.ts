/** Whether a login came back through the relays that are used, as far as their loops have reported it; pure. */
import type { RelayConfig } from '../../formats/device-config.ts'
import type { LoopState } from '../loop/keep-connected.ts'

export interface Standing {
  isProved: boolean
  /** Why not, for people. */
  cause: string
}

export const NOTHING_YET: Standing = { isProved: false, cause: 'no tunnel to it was tried yet' }

/** @param ours the relays that count for this loop; others are there in case those fail */
export function standingOf(state: LoopState, before: Standing, ours: readonly RelayConfig[]): Standing {
  const not = (cause: string): Standing => ({ isProved: false, cause })
  if (state.state === 'down') {
    const { failure, failed } = state
    return not(failure && failed && ours.includes(failed) ? failure.cause : before.cause)
  }
  const { relay, proof } = state.run
  if (!ours.includes(relay)) return not(before.cause)
  if (proof.state === 'proved') return { isProved: true, cause: '' }
  return not(proof.state === 'failed' ? proof.cause : 'a login through it was not decided yet')
}

/** One that is proved is enough: it must not be taken away because another one is not. */
export function together(all: readonly Standing[]): Standing {
  const causes = all.filter(({ isProved }) => !isProved).map(({ cause }) => cause)
  return { isProved: causes.length < all.length, cause: [...new Set(causes)].join('; ') }
}
