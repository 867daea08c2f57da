/** The loops around tunnels, to relays that may change while they run: they then begin anew with the others. */
import { setMaxListeners } from 'node:events'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import { keepConnected, type LoopHooks, type LoopState } from '../loop/keep-connected.ts'
import type { Context } from '../loop/ports.ts'
import { BesideTunnel, type Common } from './beside-tunnel.ts'
import type { PinnedRelay } from './pin-destinations.ts'
import { NOTHING_YET, type Standing, standingOf, together } from './standing.ts'

export class PlannedTunnels {
  #named: readonly PinnedRelay[]
  #change = new AbortController()
  #standings: Standing[] = [NOTHING_YET]
  #beside: readonly BesideTunnel[] = []
  #consoles: ConsoleStatus | undefined

  /** @param named relays with logins of their own: the first one comes before those of the configuration, the others have tunnels of their own */
  constructor(named: readonly PinnedRelay[]) {
    this.#named = named
  }

  get named(): readonly PinnedRelay[] {
    return this.#named
  }

  /** Of the relays that userdata names; where it names none, of those of the configuration. */
  get standing(): Standing {
    return together(this.#standings)
  }

  /** Those beside the first one, whose state is the device's. */
  get beside(): readonly BesideTunnel[] {
    return this.#beside
  }

  /** Ends the tunnels, and makes others. */
  use(named: readonly PinnedRelay[]): void {
    this.#named = named
    this.#standings = [NOTHING_YET]
    this.#change.abort(OVER)
  }

  /** Takes in what is known of the device itself. */
  look(): void {
    for (const one of this.#beside) one.look()
  }

  /** Takes in the bridge's status; undefined while it has none. */
  updateConsoles(consoles: ConsoleStatus | undefined): void {
    this.#consoles = consoles
    for (const one of this.#beside) one.updateConsoles(consoles)
  }

  /** Runs until the signal of the context is aborted. */
  async keep(context: Context, common: Common, hooks: LoopHooks): Promise<void> {
    while (!context.signal.aborted) {
      this.#change = new AbortController()
      const over = controllerUnder(context.signal, this.#change.signal)
      setMaxListeners(0, over.signal)
      await this.#keepThese({ ...context, signal: over.signal }, common, hooks)
      over.release()
    }
  }

  async #keepThese(context: Context, common: Common, hooks: LoopHooks): Promise<void> {
    const named = this.#named
    const [first, ...others] = named
    const standings = [first, ...others].map(() => NOTHING_YET)
    this.#standings = standings
    const beside = others.map(one => new BesideTunnel(one, common))
    this.#beside = beside
    this.updateConsoles(this.#consoles)
    const ours = first === undefined ? context.config.relays : [first.relay]
    let last: Parameters<LoopHooks['publish']> | undefined
    // Whoever is in by a further relay is in.
    const publish = () => {
      if (last === undefined) return
      const [state, { shell, console }] = last
      const sessions = [{ shell, console }, ...beside.map(one => one.sessions)]
      hooks.publish(state, {
        shell: sessions.reduce((sum, one) => sum + one.shell, 0),
        console: sessions.reduce((sum, one) => sum + one.console, 0),
      })
    }
    const note = (at: number, state: LoopState, relays = ours) => {
      standings[at] = standingOf(state, standings[at] ?? NOTHING_YET, relays)
    }
    await Promise.all([
      keepConnected(contextWith(named, context), {
        ...hooks,
        publish: (state, sessions) => {
          last = [state, sessions]
          note(0, state)
          publish()
        },
      }),
      ...beside.map((one, at) =>
        one.keep(context, state => {
          note(at + 1, state, [one.relay])
          publish()
        }),
      ),
    ])
  }
}

/**
 * Those of the configuration stay behind it: a relay that goes away must not take the device along. Not those to which a further tunnel
 * goes: of two tunnels of one device at one relay, each would end the other as stale.
 */
export function contextWith<C extends Pick<Context, 'config' | 'logins'>>(
  named: readonly PinnedRelay[],
  context: C,
): C {
  const [first, ...others] = named
  if (first === undefined) return context
  const hosts = others.map(({ relay }) => relay.host.toLowerCase())
  const behind = context.config.relays.filter(({ host }) => !hosts.includes(host.toLowerCase()))
  const config = { ...context.config, relays: [first.relay, ...behind] }
  return { ...context, config, logins: new Map([[first.relay, first.login]]) }
}
