/** The loop around tunnels, to relays that may change while it runs: it then begins anew with the others. */
import { setMaxListeners } from 'node:events'
import type { RelayConfig } from '../../formats/device-config.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import { keepConnected, type LoopHooks, type LoopState } from '../loop/keep-connected.ts'
import type { Context } from '../loop/ports.ts'
import type { PinnedRelay } from './pin-destinations.ts'

/** What is known of the relays that are used now. */
export interface Standing {
  /** A login came back through one of them; where userdata names none, through one of the configuration. */
  isProved: boolean
  /** Why not, for people. */
  cause: string
}

const NOTHING_YET: Standing = { isProved: false, cause: 'no tunnel to it was tried yet' }

export class PlannedTunnels {
  #named: readonly PinnedRelay[]
  #change = new AbortController()
  #standing = NOTHING_YET

  /** @param named relays before those of the configuration, each with its own login */
  constructor(named: readonly PinnedRelay[]) {
    this.#named = named
  }

  get named(): readonly PinnedRelay[] {
    return this.#named
  }

  get standing(): Standing {
    return this.#standing
  }

  /** Ends the tunnels, and makes others. */
  use(named: readonly PinnedRelay[]): void {
    this.#named = named
    this.#standing = NOTHING_YET
    this.#change.abort(OVER)
  }

  /** Runs until the signal of the context is aborted. */
  async keep(context: Context, hooks: LoopHooks): Promise<void> {
    while (!context.signal.aborted) {
      this.#change = new AbortController()
      const over = controllerUnder(context.signal, this.#change.signal)
      setMaxListeners(0, over.signal)
      const named = this.#named
      const publish: LoopHooks['publish'] = (state, sessions) => {
        // What an older loop says at its end is about other relays.
        if (named === this.#named) this.#standing = standingOf(state, this.#standing, named, context.config.relays)
        hooks.publish(state, sessions)
      }
      await keepConnected({ ...contextWith(named, context), signal: over.signal }, { ...hooks, publish })
      over.release()
    }
  }
}

/** Those of the configuration stay behind them: a relay that goes away must not take the device along. */
export function contextWith(named: readonly PinnedRelay[], context: Context): Context {
  if (named.length === 0) return context
  const relays = [...named.map(({ relay }) => relay), ...context.config.relays]
  const logins = new Map(named.map(({ relay, login }) => [relay, login]))
  return { ...context, config: { ...context.config, relays }, logins }
}

function standingOf(
  state: LoopState,
  before: Standing,
  named: readonly PinnedRelay[],
  configured: readonly RelayConfig[],
): Standing {
  const isOurs = (relay: RelayConfig) =>
    named.length === 0 ? configured.includes(relay) : named.some(one => one.relay === relay)
  if (state.state === 'down') {
    const { failure, failed } = state
    return { isProved: false, cause: failure && failed && isOurs(failed) ? failure.cause : before.cause }
  }
  const { relay, proof } = state.run
  if (!isOurs(relay)) return { isProved: false, cause: before.cause }
  if (proof.state === 'proved') return { isProved: true, cause: '' }
  return { isProved: false, cause: proof.state === 'failed' ? proof.cause : 'a login through it was not decided yet' }
}
