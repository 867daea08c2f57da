/** The outlets that feed the target of a console: asked of `oobm-power`, told to everybody there, and recorded. */
import type { OutletState, PowerAction, PowerOutcome, PowerRequest } from '../../formats/power-protocol.ts'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Reports } from './reports.ts'
import { powerRefusalOf } from './right.ts'
import type { Seats } from './seats.ts'

/** Asks `oobm-power`. @param onStep gets what was done, and whether the target has power from then on */
export type AskPower = (
  request: PowerRequest,
  onStep: (text: string, isPowered: boolean) => void,
  gone: AbortSignal,
) => Promise<PowerOutcome>

export interface PowerSupply {
  /** Names, in the order in which they are switched on. */
  outlets: readonly string[]
  /** Of those, what else they feed. */
  alsoFeeds: readonly { outlet: string; consoles: readonly string[] }[]
  ask: AskPower
}

interface TargetPowerOptions {
  clock: Clock
  seats: Seats
  reports: Reports
  supply: PowerSupply | undefined
}

/** `refused`: this person may not. `busy`: the same later may succeed. `isTold`: everybody at the console was told. */
export type PowerAnswer =
  | { done: true; outlets: readonly OutletState[] }
  | { done: false; refused: boolean; busy: boolean; isTold: boolean; cause: string; outlets: readonly OutletState[] }

export type SwitchAction = Exclude<PowerAction, 'status'>

/** Milliseconds after which what is known of the outlets is asked anew, where somebody wants to know it. */
const STALE_MS = 10_000
const PAST: Record<SwitchAction, string> = { on: 'switches on', off: 'switches off', cycle: 'cycles' }

export class TargetPower {
  readonly #options: TargetPowerOptions
  readonly #times: WallTimes
  #latest: { outlets: readonly OutletState[]; atMs: number } | undefined

  constructor(options: TargetPowerOptions) {
    this.#options = options
    this.#times = new WallTimes(options.clock)
  }

  get outlets(): readonly string[] {
    return this.#options.supply?.outlets ?? []
  }

  /** One line for each outlet that feeds others, too. */
  get alsoFeeds(): string[] {
    return (this.#options.supply?.alsoFeeds ?? []).map(
      ({ outlet, consoles }) => `${outlet} also feeds ${consoles.join(', ')}`,
    )
  }

  /** What the outlets said last, `at` in milliseconds since 1970; undefined where nobody asked. */
  get latest(): { outlets: readonly OutletState[]; at: number } | undefined {
    const latest = this.#latest
    return latest && { outlets: latest.outlets, at: this.#times.of(latest.atMs) }
  }

  /** @returns why this person cannot switch it; undefined when they can */
  whyNot(by: Person): Extract<PowerAnswer, { done: false }> | undefined {
    const { reports } = this.#options
    const not = (cause: string, refused: boolean) =>
      ({ done: false, busy: false, isTold: false, refused, cause, outlets: [] }) as const
    if (this.outlets.length === 0)
      return not(
        `no outlet is known that feeds ${reports.name}: its entry needs outlets = ["NAME"] (docs/power.md)`,
        false,
      )
    const refusal = powerRefusalOf(by, reports.name)
    return refusal === undefined ? undefined : not(refusal, true)
  }

  /** @param signal the end of the program, or of whoever asks */
  async status(signal: AbortSignal): Promise<PowerAnswer> {
    const { supply, reports } = this.#options
    if (!supply || supply.outlets.length === 0)
      return this.whyNot({ technician: '', role: 'operator', from: '' }) as PowerAnswer
    const outcome = await supply.ask(this.#request('status', reports.name), () => {}, signal)
    return this.#answer(outcome)
  }

  /** Asks anew where the answer is old. @param ms for which it is waited for */
  async refresh(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (this.outlets.length === 0) return
    if (this.#latest && clock.nowMs() - this.#latest.atMs < STALE_MS) return
    await within(ms, [signal], over => this.status(over))
  }

  /**
   * Switches, if this person may, and tells everyone. What was begun is finished whoever leaves.
   * @param onStep gets what was done, and whether the target has power from then on
   * @param stopping the end of the program
   */
  async switch(
    by: Person,
    action: SwitchAction,
    onStep: (text: string, isPowered: boolean) => void,
    stopping: AbortSignal,
  ): Promise<PowerAnswer> {
    const { supply, seats, reports } = this.#options
    const refusal = this.whyNot(by)
    if (refusal || !supply) return refusal as PowerAnswer
    const names = supply.outlets.join(', ')
    const who = calledAs(by)
    let isBegun = false
    const begin = () => {
      if (isBegun) return
      isBegun = true
      reports.recorder?.happened('power', action, { by: who, outlets: names })
      seats.tellAll(`${who} ${PAST[action]} the power of ${reports.name}`)
    }
    const onDone = (text: string, isPowered: boolean) => {
      begin()
      seats.tellAll(`power: ${text}`)
      onStep(text, isPowered)
    }
    const outcome = await supply.ask(this.#request(action, who), onDone, stopping)
    const answer = this.#answer(outcome)
    const how = answer.done ? 'done' : answer.cause
    reports.log.info({ ...logged(by), action, outlets: supply.outlets, how }, 'power')
    // Somebody who was told to wait has changed nothing.
    if (!answer.done && answer.busy) return answer
    begin()
    reports.recorder?.happened('power', answer.done ? 'done' : 'failed', {
      by: who,
      cause: answer.done ? undefined : how,
    })
    const { technician, from } = by
    reports.onEvent({ event: 'power', console: reports.name, technician, from, detail: `${action} ${names}: ${how}` })
    if (answer.done) return answer
    seats.tellAll(`power: ${how}`)
    return { ...answer, isTold: true }
  }

  #request(action: PowerAction, by: string): PowerRequest {
    return { version: 1, action, outlets: [...this.outlets], target: this.#options.reports.name, by }
  }

  #answer({ result, cause, outlets }: PowerOutcome): PowerAnswer {
    const { clock, reports } = this.#options
    if (outlets.length > 0) {
      this.#latest = { outlets, atMs: clock.nowMs() }
      reports.onChange()
    }
    if (result === 'done') return { done: true, outlets }
    return { done: false, refused: false, busy: result === 'busy', isTold: false, cause, outlets }
  }
}

/** `core-sw1-a  on`, and of one that does not answer, why, and what it said last. */
export function describeOutlets(outlets: readonly OutletState[]): string[] {
  const width = Math.max(0, ...outlets.map(({ name }) => name.length))
  return outlets.map(({ name, state, cause, last, busy }) => {
    const before = last ? `; it was ${last.state} ${last.ageS} s ago` : ''
    const why = cause === undefined ? '' : `: ${cause}${before}`
    return `${name.padEnd(width)}  ${state}${why}${busy === undefined ? '' : ` (${busy})`}`
  })
}
