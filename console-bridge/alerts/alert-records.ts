/**
 * What matched becomes alerts: the first match is told at once, those that follow are counted. A flood is one alert with a
 * count, which is told again ever more rarely. No effects.
 */
import type { ToldAlert } from '../../formats/status-file.ts'

export interface Match {
  rule: string
  typist?: string | undefined
  text?: string | undefined
  atMs: number
}

export interface AlertRecordsOptions {
  console: string
  newRef(): string
  /** Its times are in milliseconds of the monotonic clock. */
  tell(alert: ToldAlert): void
}

/** Milliseconds without a match after which an alert is over: the next match is another alert. */
export const QUIET_MS = 600_000
/** Milliseconds after which an alert that goes on is told again; each time twice as many, up to the bound. */
export const AGAIN_MS = { first: 60_000, max: 3_600_000 }

interface Open {
  alert: ToldAlert
  toldCount: number
  toldMs: number
  againMs: number
}

export class AlertRecords {
  readonly #options: AlertRecordsOptions
  readonly #open = new Map<string, Open>()

  constructor(options: AlertRecordsOptions) {
    this.#options = options
  }

  matched({ rule, typist, text, atMs }: Match): void {
    this.due(atMs)
    // What comes by itself is not counted with what somebody's keys brought up.
    const key = `${typist === undefined ? '' : 'typed '}${rule}`
    const open = this.#open.get(key)
    if (open) {
      open.alert.count++
      open.alert.at = atMs
      return
    }
    const { console, newRef, tell } = this.#options
    const alert: ToldAlert = {
      ...{ ref: newRef(), console, rule, since: atMs, at: atMs, count: 1 },
      ...(typist !== undefined && { typist }),
      ...(text !== undefined && { text }),
    }
    this.#open.set(key, { alert, toldCount: 1, toldMs: atMs, againMs: AGAIN_MS.first })
    tell({ ...alert })
  }

  /**
   * Tells what is due now.
   * @returns when there is something to tell next; undefined while no alert goes on
   */
  due(nowMs: number): number | undefined {
    let next: number | undefined
    for (const [key, open] of this.#open) {
      const { alert, toldCount } = open
      const endsMs = alert.at + QUIET_MS
      const isOver = nowMs >= endsMs
      if (alert.count > toldCount && (isOver || nowMs >= open.toldMs + open.againMs)) this.#tell(open, nowMs)
      if (isOver) this.#open.delete(key)
      else {
        const againMs = alert.count > open.toldCount ? open.toldMs + open.againMs : endsMs
        next = Math.min(next ?? Number.POSITIVE_INFINITY, againMs, endsMs)
      }
    }
    return next
  }

  /** Tells the counts that were not told yet: the program ends. */
  end(nowMs: number): void {
    for (const open of this.#open.values()) if (open.alert.count > open.toldCount) this.#tell(open, nowMs)
    this.#open.clear()
  }

  #tell(open: Open, nowMs: number): void {
    open.toldCount = open.alert.count
    open.toldMs = nowMs
    open.againMs = Math.min(AGAIN_MS.max, open.againMs * 2)
    this.#options.tell({ ...open.alert })
  }
}
