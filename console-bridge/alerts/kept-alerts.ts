/** The latest alerts of all consoles, also of the time before a restart: a file in the state directory. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { type ToldAlert, toldAlertSchema } from '../../formats/status-file.ts'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { printable } from '../../runtime/printable.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

/** Alerts of one console that are kept. */
const KEPT = 32
/** Those of all consoles that the status has: the supervisor reads it every two seconds. */
const IN_STATUS = 64
/** Bytes of a file that is read. */
const FILE_MAX = 1_000_000

const fileSchema = z.object({ version: z.literal(1), alerts: z.array(toldAlertSchema) })

/** With times of the monotonic clock: a board may learn the time of day later. Those of another run have times of day. */
type Kept = { alert: ToldAlert; isEarlier: boolean }

export interface KeptAlertsOptions {
  file: string
  consoles: readonly string[]
  clock: Clock
  log: Logger
}

export class KeptAlerts {
  readonly #options: KeptAlertsOptions
  readonly #times: WallTimes
  /** In the order in which they were told last. */
  readonly #kept = new Map<string, Kept>()
  #isChanged = false
  #isFailureTold = false
  #writing: Promise<void> = Promise.resolve()

  private constructor(options: KeptAlertsOptions) {
    this.#options = options
    this.#times = new WallTimes(options.clock)
  }

  /** A file that cannot be read counts as empty, and is reported. */
  static async in(options: KeptAlertsOptions): Promise<KeptAlerts> {
    const { file, consoles, log } = options
    const kept = new KeptAlerts(options)
    try {
      const text = await readFile(file, 'utf8')
      if (text.length > FILE_MAX) throw new Error('it is too large')
      for (const { text: line, ...alert } of fileSchema.parse(JSON.parse(text)).alerts) {
        if (!consoles.includes(alert.console)) continue
        const whole = { ...alert, ...(line !== undefined && { text: printable(line) }) }
        kept.#kept.set(alert.ref, { alert: whole, isEarlier: true })
      }
    } catch (err) {
      if (errorCode(err) !== 'ENOENT') log.warn({ file, cause: errorMessage(err) }, 'alerts of before not read')
    }
    return kept
  }

  /** @param alert with times of the monotonic clock */
  tell(alert: ToldAlert): void {
    this.#kept.delete(alert.ref)
    this.#kept.set(alert.ref, { alert, isEarlier: false })
    this.#isChanged = true
    const ofConsole = [...this.#kept.values()].filter(({ alert: { console } }) => console === alert.console)
    for (const { alert } of ofConsole.slice(0, -KEPT)) this.#kept.delete(alert.ref)
  }

  /** The ones that were told last, oldest first. */
  get latest(): ToldAlert[] {
    return [...this.#kept.values()].slice(-IN_STATUS).map(one => this.#told(one))
  }

  of(console: string): ToldAlert[] {
    return [...this.#kept.values()].filter(({ alert }) => alert.console === console).map(one => this.#told(one))
  }

  /** Writes what changed, one write at a time. Never throws. */
  save(): Promise<void> {
    if (this.#isChanged) this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (!this.#isChanged) return
    const { file, log } = this.#options
    this.#isChanged = false
    const alerts = [...this.#kept.values()].map(one => this.#told(one))
    try {
      await writeAtomically(file, `${JSON.stringify({ version: 1, alerts })}\n`, 0o600)
      this.#isFailureTold = false
    } catch (err) {
      if (!this.#isFailureTold) log.error({ file, cause: errorMessage(err) }, 'alerts not kept on the disk')
      this.#isFailureTold = true
      this.#isChanged = true
    }
  }

  #told({ alert, isEarlier }: Kept): ToldAlert {
    if (isEarlier) return { ...alert }
    return { ...alert, since: this.#times.of(alert.since), at: this.#times.of(alert.at) }
  }
}
