/** Keeps the record of what became of each document: in memory, and on the disk whenever it changes. */
import {
  NO_RECORD,
  type PendingOutcome,
  readSettingsRecord,
  type SettingsRecord,
  withOutcome,
  withTaken,
} from '../formats/settings-record.ts'
import { errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'

export class SettingsRecords {
  #record: SettingsRecord
  readonly #path: string
  readonly #log: Logger

  private constructor(path: string, record: SettingsRecord, log: Logger) {
    this.#path = path
    this.#log = log
    this.#record = record
  }

  /** A record that cannot be read begins anew: it is no reason to take no settings. */
  static async open(path: string, log: Logger): Promise<SettingsRecords> {
    return new SettingsRecords(path, (await readSettingsRecord(path).catch(() => undefined)) ?? NO_RECORD, log)
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

  /** A document is about to be installed. */
  async intend(pending: PendingOutcome): Promise<void> {
    await this.#write({ ...this.#record, pending })
  }

  /**
   * It is installed, or it never will be. After a power cut the settings say which.
   * @param serial of the newest document that the settings have
   */
  async settle(serial: number): Promise<void> {
    const { pending, ...record } = this.#record
    if (pending === undefined) return
    await this.#write(pending.serial === serial ? withTaken(this.#record, pending) : record)
  }

  /** Writes nothing where nothing changes. */
  async showTrial(trial: SettingsRecord['trial']): Promise<void> {
    const { since: _, ...before } = this.#record.trial ?? { since: 0 }
    const { since: __, ...now } = trial ?? { since: 0 }
    if (JSON.stringify(before) !== JSON.stringify(now)) await this.#write({ ...this.#record, trial })
  }

  async #write(record: SettingsRecord): Promise<void> {
    this.#record = record
    try {
      await writeAtomically(this.#path, `${JSON.stringify(record)}\n`, 0o644)
    } catch (err) {
      // The journal has each outcome, too; what is in force does not depend on the record.
      this.#log.error({ path: this.#path, cause: errorMessage(err) }, 'the record of settings was not written')
    }
  }
}
