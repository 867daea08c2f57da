/** How slow this board is at the moment: what it took to start, and how late a timer of one second comes. Pure. */

/** What was seen last loses a half of its weight in this many turns of one second. */
const HALF_LIFE_TURNS = 120
/** A turn that is late by so many milliseconds may be late by as many times more the next time. */
const WATCHDOG_TIMES = 6
/** Milliseconds of the shortest watchdog beyond the unit's own; each level is twice the one before, so that few are asked for. */
const FIRST_LEVEL_MS = 40_000
const LONGEST_MS = 640_000
/** Milliseconds of lateness that make a step take as long again. */
const SLOW_MS = 2_000

export class BoardPace {
  #worstMs: number

  /** @param startMs milliseconds from the process's start to its first turn */
  constructor(startMs: number) {
    this.#worstMs = startMs
  }

  /** One turn came that many milliseconds late. */
  turn(lateMs: number): void {
    this.#worstMs = Math.max(lateMs, this.#worstMs * 0.5 ** (1 / HALF_LIFE_TURNS))
  }

  /** Milliseconds that the watchdog should have; 0 where the unit's own will do. */
  get watchdogMs(): number {
    const wantedMs = this.#worstMs * WATCHDOG_TIMES
    if (wantedMs < FIRST_LEVEL_MS / 2) return 0
    const level = Math.max(0, Math.ceil(Math.log2(wantedMs / FIRST_LEVEL_MS)))
    return Math.min(LONGEST_MS, FIRST_LEVEL_MS * 2 ** level)
  }

  /** How many times longer a step may take than on a board that is idle. */
  get slowness(): number {
    return 1 + this.#worstMs / SLOW_MS
  }
}
