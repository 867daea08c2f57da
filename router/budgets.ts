/** The budgets of all uplinks, and the file in which they outlive a start. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UplinkSettings } from '../formats/uplink-settings.ts'
import { errorCode } from '../runtime/errors.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { type BudgetRecord, budgetRecordSchema, DayBudget } from './budget.ts'

const BYTES_PER_MB = 1_000_000
/** systemd-timesyncd makes it when a server has told it the time (systemd-timesyncd.service(8)). */
const CLOCK_IS_RIGHT = '/run/systemd/timesync/synchronized'

export class Budgets {
  readonly #path: string
  readonly #record: BudgetRecord
  readonly #open = new Map<string, { settings: string; budget: DayBudget }>()

  private constructor(path: string, record: BudgetRecord) {
    this.#path = path
    this.#record = record
  }

  static async load(directory: string): Promise<Budgets> {
    const path = join(directory, 'budget.json')
    try {
      return new Budgets(path, budgetRecordSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (err) {
      // Half a file cannot be; one of another version begins anew.
      if (errorCode(err) !== undefined && errorCode(err) !== 'ENOENT') throw err
      return new Budgets(path, {})
    }
  }

  /** Of an uplink; undefined where its settings have none. */
  of(uplink: UplinkSettings | undefined, wallMs: number): DayBudget | undefined {
    if (uplink?.budgetMbDay === undefined) return undefined
    const settings = budgetSettings(uplink)
    const text = JSON.stringify(settings)
    const known = this.#open.get(uplink.interface)
    if (known?.settings === text) return known.budget
    const kept = known?.budget.exact() ?? this.#record[uplink.interface]
    const budget = new DayBudget(settings, kept, wallMs)
    this.#open.set(uplink.interface, { settings: text, budget })
    return budget
  }

  static isClockRight(): boolean {
    return existsSync(CLOCK_IS_RIGHT)
  }

  /** Writes what is due. @throws a system error: the card is full or does not answer */
  async keep(isEnd = false): Promise<void> {
    const due = [...this.#open].flatMap(([name, { budget }]) => {
      const record = isEnd ? budget.exact() : budget.due()
      return record === undefined ? [] : [{ name, budget, record }]
    })
    if (due.every(({ name, record }) => JSON.stringify(this.#record[name]) === JSON.stringify(record))) return
    for (const { name, record } of due) this.#record[name] = record
    await writeAtomically(this.#path, `${JSON.stringify(this.#record)}\n`, 0o644)
    for (const { budget, record } of due) budget.wrote(record)
  }
}

export function budgetSettings({ budgetMbDay = 0, budgetResetHour, budgetZone }: UplinkSettings) {
  return {
    bytes: budgetMbDay * BYTES_PER_MB,
    hour: budgetResetHour ?? 0,
    // That of the board.
    zone: budgetZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}
