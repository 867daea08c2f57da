/** Runs a soak: rounds of faults at random, each followed by a healthy gap, between two looks at what the device holds. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../../../relay-config/testing/random.ts'
import { monotonicMs } from '../monotonic.ts'
import { PROMISING } from '../observation.ts'
import type { Recorder } from '../observe/recorder.ts'
import type { World } from '../world/world.ts'
import { SOAK_FAULTS, type SoakFault } from './faults.ts'
import { type Footprint, footprintOf } from './footprint.ts'
import type { SoakObservation } from './judge-soak.ts'

/** Until it counts as not healed: the limit of an expected healing, and what a loaded machine adds. */
const HEAL_MS = 60_000
const START_MS = 60_000
/** Until a relay ends a session that is silent: on OpenSSH 9.2 four times its ClientAliveInterval of 90 s. */
const CLIENT_ALIVE_MS = 400_000

export interface SoakOptions {
  world: World
  recorder: Recorder
  random: Random
  signal: AbortSignal
  print(line: string): void
}

export class Soak {
  readonly #options: SoakOptions
  readonly #notHealed: string[] = []
  #faults = 0

  constructor(options: SoakOptions) {
    this.#options = options
  }

  async run(durationMs: number): Promise<SoakObservation> {
    const begunMs = monotonicMs()
    if (!(await this.#isWholeWithin(START_MS))) throw new Error('the world was never whole: no fault was tried')
    await this.#warmUp()
    const before = await this.#settledFootprint()
    const fromMs = monotonicMs()
    while (monotonicMs() - begunMs < durationMs - HEAL_MS / 2) await this.#round()
    const readyAtEnd = await this.#isWholeWithin(HEAL_MS)
    const toMs = monotonicMs()
    const after = await this.#settledFootprint(before)
    const { claims, ways } = this.#options.recorder
    const watchdogs = this.#options.world.device.supervisor.events().filter(({ event }) => event === 'watchdog').length
    return {
      ...{ fromMs, toMs, claims, ways: ways.ours, faults: this.#faults, notHealed: this.#notHealed },
      ...{ before, after, readyAtEnd, watchdogs },
    }
  }

  /** What is loaded and allocated at the first of each thing is no leak. */
  async #warmUp(): Promise<void> {
    for (const fault of SOAK_FAULTS.filter(({ warmsUp }) => warmsUp)) await this.#inflict([fault], 3_000)
    await this.#healed('the warm-up')
  }

  async #round(): Promise<void> {
    const random = this.#options.random
    const first = random.pick(SOAK_FAULTS)
    const second = random.chance(0.3) ? [random.pick(SOAK_FAULTS.filter(({ kind }) => kind !== first.kind))] : []
    const faults = [first, ...second]
    const lastsMs = 1_000 + random.below(random.chance(0.3) ? 60_000 : 10_000)
    const name = faults.map(fault => fault.name).join(' and ')
    this.#options.print(`${seconds(monotonicMs())} ${name}, ${seconds(lastsMs)}`)
    await this.#inflict(faults, lastsMs)
    await this.#healed(name)
    await this.#pause(2_000 + random.below(20_000))
  }

  async #inflict(faults: readonly SoakFault[], lastsMs: number): Promise<void> {
    this.#faults += faults.length
    this.#options.recorder.attend(faults.some(({ attention }) => attention === 'fresh') ? 'fresh' : 'probe')
    const ends: (() => Promise<void>)[] = []
    try {
      for (const { inflict } of faults) {
        ends.unshift(await inflict(this.#options.world))
        await this.#pause(lastsMs / faults.length)
      }
    } finally {
      for (const end of ends) await end()
    }
    await this.#options.recorder.attendReturn()
  }

  async #healed(after: string): Promise<void> {
    const fromMs = monotonicMs()
    const isWhole = await this.#isWholeWithin(HEAL_MS)
    if (isWhole) return
    const claim = this.#options.recorder.claim()
    const why = `not healed ${seconds(HEAL_MS)} after ${after}: ${claim?.state} (${claim?.cause}), way ${this.#options.recorder.isBack('ours')}`
    this.#options.print(`! ${why}`)
    this.#notHealed.push(why)
    // It has longer, so that the next fault says something of its own.
    await this.#isWholeWithin(5 * HEAL_MS)
    this.#options.print(`  healed after ${seconds(monotonicMs() - fromMs)}`)
  }

  async #isWholeWithin(limitMs: number): Promise<boolean> {
    const deadlineMs = monotonicMs() + limitMs
    while (monotonicMs() < deadlineMs) {
      if (PROMISING.includes(this.#options.recorder.claim()?.state ?? '') && this.#options.recorder.isBack('ours'))
        return true
      await this.#pause(100)
    }
    return false
  }

  /**
   * When nobody probes any more, and connections of self-tests are gone: one whose flow was forgotten stays on the relay until
   * its ClientAlive ends it.
   */
  async #settledFootprint(wanted?: Footprint): Promise<Footprint> {
    this.#options.recorder.attend('rest')
    const untilMs = monotonicMs() + CLIENT_ALIVE_MS
    for (;;) {
      await this.#pause(5_000)
      const now = await footprintOf(this.#options.world)
      if (wanted === undefined || now.onRelay.join() === wanted.onRelay.join() || monotonicMs() > untilMs) return now
    }
  }

  async #pause(ms: number): Promise<void> {
    await Promise.race([delay(ms, undefined, { signal: this.#options.signal }), this.#options.recorder.failed])
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
