/** Keeps the record of what became of each document: in memory, and on the disk whenever it changes. */
import { NO_RECORD, readSettingsRecord, type SettingsRecord, withOutcome } from '../formats/settings-record.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'

export class SettingsRecords {
  #record: SettingsRecord
  readonly #path: string

  private constructor(path: string, record: SettingsRecord) {
    this.#path = path
    this.#record = record
  }

  /** A record that cannot be read begins anew: it is no reason to take no settings. */
  static async open(path: string): Promise<SettingsRecords> {
    return new SettingsRecords(path, (await readSettingsRecord(path).catch(() => undefined)) ?? NO_RECORD)
  }

  get last(): SettingsRecord {
    return this.#record
  }

  async add(
    outcome: Parameters<typeof withOutcome>[1],
    change: Partial<Pick<SettingsRecord, 'serial' | 'trial'>> = {},
  ) {
    await this.#write({ ...withOutcome(this.#record, outcome), ...change })
  }

  /** Writes nothing where nothing changes. */
  async showTrial(trial: SettingsRecord['trial']): Promise<void> {
    const { since: _, ...before } = this.#record.trial ?? { since: 0 }
    const { since: __, ...now } = trial ?? { since: 0 }
    if (JSON.stringify(before) !== JSON.stringify(now)) await this.#write({ ...this.#record, trial })
  }

  async #write(record: SettingsRecord): Promise<void> {
    this.#record = record
    await writeAtomically(this.#path, `${JSON.stringify(record)}\n`, 0o644)
  }
}
