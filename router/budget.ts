/** Bytes of a day that hosts may use on an uplink; pure. What is kept on the card is ahead of what was used. */
import * as z from 'zod'
import { type DaySettings, dayOf, nextDayMs } from './day.ts'

/** By uplink, in `/var/lib/oobm-router/budget.json`. */
export const budgetRecordSchema = z.record(z.string(), z.object({ day: z.int(), bytes: z.int().min(0) }))
export type BudgetRecord = z.output<typeof budgetRecordSchema>

export interface BudgetSettings extends DaySettings {
  bytes: number
}

/** Of a budget: so much is written down before it is used, so that a power cut gives nobody more, and takes no more than this. */
const STEP_SHARE = 0.01
/** Bytes below which a step does not go: the card lives from writes that are not made. */
const STEP_MIN_BYTES = 1_000_000

export class DayBudget {
  readonly #settings: BudgetSettings
  #day: number
  #usedBytes: number
  /** What the card has. */
  #kept: { day: number; bytes: number } | undefined

  constructor(settings: BudgetSettings, kept: { day: number; bytes: number } | undefined, wallMs: number) {
    this.#settings = settings
    this.#kept = kept
    // A board without a battery may wake in the past: its day is never one that is over.
    this.#day = Math.max(dayOf(wallMs, settings), kept?.day ?? 0)
    this.#usedBytes = kept?.day === this.#day ? kept.bytes : 0
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  describe(wallMs: number) {
    const { bytes, zone } = this.#settings
    return { bytes, usedBytes: this.#usedBytes, resetsAt: nextDayMs(wallMs, this.#settings), zone }
  }

  /**
   * @param isClockRight the time is from a server: a day in the future was a mistake then
   * @returns whether a new day has begun
   */
  add(bytes: number, wallMs: number, isClockRight: boolean): boolean {
    this.#usedBytes += bytes
    const day = dayOf(wallMs, this.#settings)
    const isNew = day > this.#day
    if (isNew) this.#usedBytes = 0
    if (isNew || (isClockRight && day < this.#day)) this.#day = day
    return isNew
  }

  /** What is to be written to the card now; undefined while what is there will do. */
  due(): { day: number; bytes: number } | undefined {
    if (this.#kept?.day === this.#day && this.#kept.bytes >= this.#usedBytes) return undefined
    // Past its end there is nothing to lose.
    if (this.#kept?.day === this.#day && this.#kept.bytes >= this.#settings.bytes) return undefined
    if (this.#kept === undefined && this.#usedBytes === 0) return undefined
    const step = Math.max(STEP_MIN_BYTES, Math.ceil(this.#settings.bytes * STEP_SHARE))
    return { day: this.#day, bytes: this.#usedBytes === 0 ? 0 : this.#usedBytes + step }
  }

  /** At an orderly end: what was really used. */
  exact(): { day: number; bytes: number } {
    return { day: this.#day, bytes: this.#usedBytes }
  }

  wrote(kept: { day: number; bytes: number }): void {
    this.#kept = kept
  }
}
