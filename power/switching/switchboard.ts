/** What people ask for, done at the outlets: one request at a time for each, in order, and never left half done. */

import { SWITCH_PACE_S } from '../../formats/outlets.ts'
import type { PowerOutcome, PowerRequest } from '../../formats/power-protocol.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { OnOff } from '../outlets/outlet.ts'
import type { Journal } from './journal.ts'
import type { SwitchedOutlet } from './switched-outlet.ts'

export interface SwitchboardOptions {
  outlets: readonly SwitchedOutlet[]
  journal: Journal
  clock: Clock
  log: Logger
  /** The end of the program: what is off for a cycle is switched on at once. */
  stopping: AbortSignal
}

export type Say = (text: string, isPowered?: boolean) => void

/** Milliseconds between two attempts to switch on what is owed: at first, and at most. */
const OWED_MS = { first: SWITCH_PACE_S * 1_000, max: 60_000 }
/** What must be done at the end of the program has no signal: its own deadlines end it. */
const NEVER = new AbortController().signal

export class Switchboard {
  readonly #options: SwitchboardOptions
  readonly #running = new Set<Promise<unknown>>()
  /** Outlets that are switched on again, until they are. */
  readonly #paying = new Set<SwitchedOutlet>()

  constructor(options: SwitchboardOptions) {
    this.#options = options
  }

  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Resolves when nothing is being switched. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
  }

  /** @param gone who asked has left: what is not begun is not begun; what is begun is finished */
  run(request: PowerRequest, say: Say, gone: AbortSignal): Promise<PowerOutcome> {
    return this.#track(this.#run(request, say, gone))
  }

  /** What a cycle of an earlier life switched off is switched on, until it is on or somebody else switches it. */
  payDebts(): void {
    for (const [name, { by, target }] of Object.entries(this.#options.journal.now.owed)) {
      const outlet = this.#options.outlets.find(outlet => outlet.name === name)
      if (!outlet || this.#paying.has(outlet)) continue
      this.#paying.add(outlet)
      void this.#track(this.#pay(outlet, by, target).finally(() => this.#paying.delete(outlet)))
    }
  }

  /** What the configuration says of the first start after each boot. @param forMs how long an outlet is tried that does not answer */
  async afterBoot(bootId: string, forMs: number): Promise<void> {
    const { outlets, journal, clock } = this.#options
    if (journal.now.bootId === bootId) return
    const endMs = clock.nowMs() + forMs
    await journal.change(content => void Object.assign(content, { bootId }))
    for (const outlet of outlets) {
      const { afterBoot, kind } = outlet.config
      const state = afterBoot !== 'keep' ? afterBoot : kind === 'gpio' ? journal.now.wanted[outlet.name] : undefined
      if (state !== undefined && journal.now.owed[outlet.name] === undefined)
        void this.#track(this.#bring(outlet, state, endMs))
    }
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }

  async #run(request: PowerRequest, say: Say, gone: AbortSignal): Promise<PowerOutcome> {
    const { journal, log, stopping } = this.#options
    const { action, by, target } = request
    const found = request.outlets.map(name => this.#options.outlets.find(outlet => outlet.name === name))
    const missing = request.outlets[found.indexOf(undefined)]
    const outlets = found.filter(outlet => outlet !== undefined)
    const answer = async (result: PowerOutcome['result'], cause: string): Promise<PowerOutcome> => ({
      ...{ result, cause },
      outlets: await Promise.all(outlets.map(outlet => outlet.state(gone, journal.now.owed[outlet.name]))),
    })
    if (missing !== undefined)
      return answer(
        'refused',
        `nothing was switched: ${missing} is not an outlet of this device now; was its configuration changed?`,
      )
    if (action === 'status') return answer('done', '')
    const self = outlets.find(outlet => outlet.config.self)
    if (action === 'off' && self)
      return answer(
        'refused',
        `nothing was switched: ${self.name} feeds this box or its uplink, and nobody could switch it on again; "power cycle" does that by itself`,
      )
    const occupied = outlets.find(outlet => outlet.whyNotNow !== undefined)
    if (occupied) return answer('busy', `nothing was switched: ${occupied.whyNotNow}`)
    if (stopping.aborted) return answer('busy', 'nothing was switched: oobm-power is stopping; ask again in a moment')
    const what = { on: 'switches on', off: 'switches off', cycle: 'cycles' }[action]
    const sinceMs = this.#options.clock.nowMs()
    for (const outlet of outlets) outlet.busy = { by, target, what, sinceMs }
    log.info({ action, by, target, outlets: request.outlets }, 'begun')
    try {
      const problems =
        action === 'cycle'
          ? await this.#cycle(outlets, request, say, gone)
          : await this.#all(outlets, request, action, say)
      log.info({ action, by, target, outlets: request.outlets, problems }, problems.length === 0 ? 'done' : 'failed')
      for (const outlet of outlets) outlet.busy = undefined
      return await answer(problems.length === 0 ? 'done' : 'failed', problems.join('; '))
    } finally {
      for (const outlet of outlets) outlet.busy = undefined
      this.payDebts()
    }
  }

  /** On in order with delays, off all at once. @returns what was not done */
  async #all(outlets: readonly SwitchedOutlet[], { by }: PowerRequest, state: OnOff, say: Say): Promise<string[]> {
    await this.#options.journal.change(({ wanted, owed }) => {
      for (const { name } of outlets) {
        wanted[name] = state
        delete owed[name]
      }
    })
    const problems: string[] = []
    for (const [at, outlet] of outlets.entries()) {
      if (state === 'on' && at > 0) await this.#wait(outlet.config.onDelayS)
      await outlet.set(state, by, NEVER).then(
        () => say(`${outlet.name} is ${state}`, state === 'on'),
        err => problems.push(errorMessage(err)),
      )
    }
    return problems
  }

  async #cycle(
    outlets: readonly SwitchedOutlet[],
    request: PowerRequest,
    say: Say,
    gone: AbortSignal,
  ): Promise<string[]> {
    const { by, target } = request
    // One that does not answer now would not answer later, when it is to be switched on again.
    const remote = outlets.filter(({ config }) => config.kind !== 'gpio')
    const asked = await Promise.all(remote.map(outlet => outlet.read(gone).then(() => undefined, errorMessage)))
    const silent = asked.filter(problem => problem !== undefined)
    if (silent.length > 0) return [`nothing was switched: ${silent.join('; ')}`]
    if (gone.aborted) return ['nothing was switched: who asked has left']
    const timed = outlets.filter(outlet => outlet.isSelfTimed)
    const ours = outlets.filter(outlet => !outlet.isSelfTimed)
    await this.#options.journal.change(({ wanted, owed }) => {
      for (const { name } of outlets) wanted[name] = 'on'
      for (const { name } of ours) owed[name] = { by, target }
    })
    const byThemselves = timed.map(outlet => {
      say(`${outlet.name} goes off, and on by itself after ${outlet.config.offTimeS} s`)
      return outlet.cycleByItself(by, NEVER).then(() => void say(`${outlet.name} is on`, true), errorMessage)
    })
    const problems: string[] = []
    for (const outlet of ours)
      await outlet.set('off', by, NEVER).then(
        () => say(`${outlet.name} is off`),
        err => problems.push(errorMessage(err)),
      )
    // Where one stayed on, the target never lost its power: the others need not stay off.
    if (ours.length > 0 && problems.length === 0) {
      const offS = Math.max(...ours.map(({ config }) => config.offTimeS))
      say(`on again in ${offS} s`)
      await this.#wait(offS)
    }
    for (const [at, outlet] of ours.entries()) {
      if (at > 0) await this.#wait(outlet.config.onDelayS)
      const problem = await this.#on(outlet, by)
      if (problem === undefined) say(`${outlet.name} is on`, true)
      else problems.push(`${problem}; it is tried again until it is on`)
    }
    problems.push(...(await Promise.all(byThemselves)).filter(problem => problem !== undefined))
    return problems
  }

  /** Switches on what is owed. @returns why it is not on */
  async #on(outlet: SwitchedOutlet, by: string): Promise<string | undefined> {
    try {
      await outlet.set('on', by, NEVER)
      await this.#options.journal.change(({ owed }) => void delete owed[outlet.name])
      return undefined
    } catch (err) {
      return errorMessage(err)
    }
  }

  async #pay(outlet: SwitchedOutlet, by: string, target: string): Promise<void> {
    const { journal, clock, log, stopping } = this.#options
    const isOwed = () => journal.now.owed[outlet.name] !== undefined
    for (let ms = OWED_MS.first; isOwed() && !stopping.aborted; ms = Math.min(2 * ms, OWED_MS.max)) {
      // Another request has it, and pays it itself, or leaves it to the next look.
      if (outlet.busy) return
      outlet.busy = { by, target, what: 'switches on', sinceMs: clock.nowMs() }
      const problem = await this.#on(outlet, by).finally(() => {
        outlet.busy = undefined
      })
      log.info({ outlet: outlet.name, by, target, problem }, problem === undefined ? 'switched on again' : 'not on yet')
      if (problem !== undefined) await clock.sleep(ms, stopping)
    }
  }

  async #bring(outlet: SwitchedOutlet, state: OnOff, endMs: number): Promise<void> {
    const { clock, log, stopping } = this.#options
    for (let ms = OWED_MS.first; !stopping.aborted && !outlet.busy; ms = Math.min(2 * ms, OWED_MS.max)) {
      outlet.busy = { by: 'after_boot', target: outlet.name, what: `switches ${state}`, sinceMs: clock.nowMs() }
      const problem = await outlet.set(state, 'after_boot', stopping).then(() => undefined, errorMessage)
      outlet.busy = undefined
      log.info({ outlet: outlet.name, state, problem }, problem === undefined ? 'as after each boot' : 'not so yet')
      if (problem === undefined || clock.nowMs() >= endMs) return
      await clock.sleep(ms, stopping)
    }
  }

  /** Not longer than the program runs: at its end, what is off is to be on at once. */
  async #wait(seconds: number): Promise<void> {
    const { clock, stopping } = this.#options
    if (!stopping.aborted) await clock.sleep(seconds * 1_000, stopping)
  }
}
