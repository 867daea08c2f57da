/** How long a step may take on this board now: a slow proof must show as slow, not as failed. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'

/** A proof's step gets this many times what the slowest step of the last good proof took. */
const TIMES_LAST = 3
/** After a proof's step timed out, the next ones get this many times longer, until one succeeds. */
const GROWTH = 2
/** A probe's part of a step, and its longest time in milliseconds: a device that is slow has a login to show what a probe did not. */
const PROBE = { part: 3 / 4, maxMs: 18_000 }
/** Milliseconds that no step exceeds, however slow the board is. */
const LONGEST_MS = 120_000
/** A loaded machine gets more, up to this many times. */
const LOAD_MAX = 4

export interface PatienceOptions {
  /** Milliseconds for one step on a board that is not busy. */
  baseMs: number
  clock: Clock
  /** How many times longer things take than on a board that is idle: its load, and how late its timers come. */
  slowness(): number
}

export class Patience {
  readonly #options: PatienceOptions
  #slowestMs = 0
  #growth = 1

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /**
   * Milliseconds for one step now. Only a proof's steps grow after one that ran out of time: while they run, the life of the
   * tunnel is watched beside them; elsewhere a step that is not answered is what shows that nobody is there.
   */
  get stepMs(): number {
    const { baseMs, slowness } = this.#options
    return Math.min(LONGEST_MS, baseMs * Math.min(LOAD_MAX, Math.max(1, slowness())))
  }

  /** Another time limit, scaled by the same factor as a step's. */
  stretch(ms: number): number {
    return (ms * this.stepMs) / this.#options.baseMs
  }

  /** Milliseconds that a proof's longest round takes at most, if it has this many steps. */
  proofMs(steps: number): number {
    return steps * this.#proofStepMs
  }

  /** A proof succeeded: its slowest step is the measure from now on. */
  proved(slowestStepMs: number): void {
    this.#slowestMs = slowestStepMs
    this.#growth = 1
  }

  /** Runs one step of a proof; undefined when it was abandoned. After one that ran out of time the next gets more. */
  async proofStep<T>(
    parents: readonly AbortSignal[],
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const outcome = await within(this.#proofStepMs, parents, run, this.#options)
    if (outcome.kind === 'timeout') this.#growth = GROWTH
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  /** Runs a probe; a part of a step is enough for one round trip, and what it shows is not to be old. */
  async probeStep<T>(
    parents: readonly AbortSignal[],
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const outcome = await within(Math.min(PROBE.maxMs, this.stepMs * PROBE.part), parents, run, this.#options)
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  /** Runs any other step; undefined when it was abandoned, at its own deadline or by a parent. */
  async step<T>(parents: readonly AbortSignal[], run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const outcome = await within(this.stepMs, parents, run, this.#options)
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  get #proofStepMs(): number {
    return Math.min(LONGEST_MS, Math.max(this.stepMs * this.#growth, this.#slowestMs * TIMES_LAST))
  }
}
