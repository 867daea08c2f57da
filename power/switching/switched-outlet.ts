/** One outlet: switched only once in a while, by one person at a time, and believed only when it says so itself. */
import type { OutletConfig } from '../../formats/outlets.ts'
import { SWITCH_PACE_S } from '../../formats/outlets.ts'
import type { OutletState } from '../../formats/power-protocol.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import type { OnOff, Outlet } from '../outlets/outlet.ts'

/** Milliseconds in which an outlet has done what it was asked for. */
const OBEYS_MS = 5_000
const LOOK_MS = 250

export class SwitchedOutlet {
  readonly config: OutletConfig
  readonly #outlet: Outlet
  readonly #clock: Clock
  /** Who switches it now. */
  busy: { by: string; target: string; what: string; sinceMs: number } | undefined
  #switched: { by: string; atMs: number } | undefined
  #last: { state: OnOff; atMs: number } | undefined

  constructor(config: OutletConfig, outlet: Outlet, clock: Clock) {
    this.config = config
    this.#outlet = outlet
    this.#clock = clock
  }

  get name(): string {
    return this.config.name
  }

  /** Why it cannot be switched now; undefined where it can. */
  get whyNotNow(): string | undefined {
    const { busy } = this
    if (busy)
      return `${this.name}: ${busy.by} ${busy.what} it for ${busy.target}, since ${this.#seconds(busy.sinceMs)} s; nothing else was switched`
    const switched = this.#switched
    const leftS = switched ? SWITCH_PACE_S - (this.#clock.nowMs() - switched.atMs) / 1_000 : 0
    if (switched === undefined || leftS <= 0) return undefined
    return `${this.name}: ${switched.by} switched it ${this.#seconds(switched.atMs)} s ago, and it is switched once in ${SWITCH_PACE_S} s: again in ${Math.ceil(leftS)} s`
  }

  get isSelfTimed(): boolean {
    return this.config.self && this.#outlet.cycle !== undefined
  }

  /** @throws UserError where it does not answer */
  async read(signal: AbortSignal): Promise<OnOff> {
    try {
      const state = await this.#outlet.read(signal)
      this.#last = { state, atMs: this.#clock.nowMs() }
      return state
    } catch (err) {
      throw this.#named(err)
    }
  }

  /** Never throws: of one that does not answer, what it said last, and when. */
  async state(signal: AbortSignal, owed?: { by: string }): Promise<OutletState> {
    const { busy } = this
    const doing = busy
      ? `${busy.by} ${busy.what} it for ${busy.target}, since ${this.#seconds(busy.sinceMs)} s`
      : owed
        ? `it is to be switched on again after the cycle of ${owed.by}`
        : undefined
    const common = { name: this.name, ...(doing !== undefined && { busy: doing }) }
    try {
      return { ...common, state: await this.read(signal) }
    } catch (err) {
      const last = this.#last
      return {
        ...common,
        state: 'unknown',
        cause: errorMessage(err),
        ...(last && { last: { state: last.state, ageS: this.#seconds(last.atMs) } }),
      }
    }
  }

  /** @throws UserError unless the outlet itself says that it is so */
  async set(state: OnOff, by: string, signal: AbortSignal): Promise<void> {
    this.#switched = { by, atMs: this.#clock.nowMs() }
    try {
      await this.#outlet.set(state, signal)
    } catch (err) {
      throw this.#named(err)
    }
    await this.#until(state, OBEYS_MS, signal)
    this.#switched = { by, atMs: this.#clock.nowMs() }
  }

  /** Off, and on by its own timer; only of one that {@link isSelfTimed}. @throws UserError unless it says that it is on again */
  async cycleByItself(by: string, signal: AbortSignal): Promise<void> {
    const { offTimeS } = this.config
    this.#switched = { by, atMs: this.#clock.nowMs() }
    try {
      await this.#outlet.cycle?.(offTimeS, signal)
    } catch (err) {
      throw this.#named(err)
    }
    await this.#clock.sleep(offTimeS * 1_000, signal)
    // What it feeds may be the way to it.
    await this.#until('on', 60_000, signal)
  }

  /** Looks until it says so, or for so many milliseconds. */
  async #until(wanted: OnOff, ms: number, signal: AbortSignal): Promise<void> {
    const endMs = this.#clock.nowMs() + ms
    for (;;) {
      const state = await this.read(signal).catch((err: unknown) => err)
      if (state === wanted) return
      if (signal.aborted || this.#clock.nowMs() >= endMs) {
        if (state instanceof Error) throw state
        throw new UserError(`${this.name}: asked for ${wanted}, and the outlet says ${String(state)}`)
      }
      await this.#clock.sleep(LOOK_MS, signal)
    }
  }

  #seconds(sinceMs: number): number {
    return Math.max(0, Math.round((this.#clock.nowMs() - sinceMs) / 1_000))
  }

  #named(err: unknown): UserError {
    return new UserError(`${this.name} ${errorMessage(err)}`, undefined, { cause: err })
  }
}
