/** The settings of this device as `oobm-apply` changes them: one writer at a time, with the restarts and the record that belong to it. */
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { install } from '../device/import/install.ts'
import { whileLocked } from '../device/import/lock.ts'
import { readStored, readTrial } from '../device/import/stored.ts'
import { type Whole, wholeFrom } from '../device/import/take-over.ts'
import type { Trial } from '../device/import/trial.ts'
import { SECRETS_DIRECTORY } from '../formats/provisioning.ts'
import type { Clock } from '../runtime/clock.ts'
import { UserError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import type { Stored } from './judge-document.ts'
import type { SettingsRecords } from './record.ts'
import { ALL, type Restarts, restartsFor } from './restarts.ts'

/** Characters of a reason that are kept. */
export const DETAIL_MAX = 1_000
/** Bytes: the largest settings stand there three times while they are changed. */
const ROOM_BYTES = 1024 ** 2

export class StoredSettings {
  readonly records: SettingsRecords
  readonly restarts: Restarts
  readonly #root: string
  readonly #clock: Clock
  readonly #log: Logger

  constructor(
    { root, clock, log }: { root: string; clock: Clock; log: Logger },
    records: SettingsRecords,
    restarts: Restarts,
  ) {
    this.records = records
    this.restarts = restarts
    this.#root = root
    this.#clock = clock
    this.#log = log
  }

  async stored(): Promise<Stored> {
    return { current: await this.current(), trial: await readTrial(this.#root) }
  }

  async current(): Promise<Whole> {
    const stored = await readStored(this.#root)
    if (stored === undefined)
      throw new UserError(
        'this device has no settings yet: bring it an oobm.toml first, by card or by "sudo oobm import"',
      )
    return wholeFrom(stored)
  }

  /** @throws UserError when a change would fill the disk: it would end in the middle */
  async checkRoom(): Promise<void> {
    const path = join(this.#root, SECRETS_DIRECTORY)
    const { bavail, bsize } = await statfs(path)
    if (bavail * bsize >= ROOM_BYTES) return
    throw new UserError(
      `the disk of ${path} is full: ${Math.floor((bavail * bsize) / 1024)} KB are free, and a change needs ${ROOM_BYTES / 1024}; free some ("df -h" shows the disks) and bring the document again`,
    )
  }

  /** @returns whether nobody else was changing the settings, so that `work` was done */
  async whileOurs(work: () => Promise<unknown>): Promise<boolean> {
    let isOurs = false
    try {
      await whileLocked(this.#root, () => {
        isOurs = true
        return work()
      })
    } catch (err) {
      if (isOurs || !(err instanceof UserError)) throw err
      this.#log.warn({ cause: err.message }, 'waits for the settings')
    }
    return isOurs
  }

  /** @param before undefined where it cannot be read: then everything starts anew */
  async install(before: Whole | undefined, after: Whole, trial: Parameters<typeof install>[2]): Promise<void> {
    await this.restarts.plan(before === undefined ? ALL : restartsFor(before.provisioning, after.provisioning))
    await install(after.text, this.#root, trial)
  }

  async decided(
    trial: Pick<Trial, 'serial' | 'digest' | 'byHand'> | undefined,
    result: 'confirmed' | 'undone',
    detail: string,
  ): Promise<void> {
    if (trial === undefined) return
    const { digest, ...of } = subjectOf(trial)
    const at = this.#clock.wallMs()
    await this.records.add({ at, digest, ...of, result, detail: detail.slice(0, DETAIL_MAX) }, { trial: null })
    this.#log.info({ ...of, result, cause: detail }, 'decided a trial')
  }
}

/** What a trial is of, as the record has it: a document by its number, or what somebody did by hand. */
export function subjectOf({ serial, digest, byHand }: Pick<Trial, 'serial' | 'digest' | 'byHand'>) {
  return byHand === undefined ? { digest, serial } : { digest, serial: null, byHand }
}
