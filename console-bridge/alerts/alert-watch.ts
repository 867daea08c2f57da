/**
 * Looks for alerts in the output of all consoles. It takes at most a quarter of the processor, in short slices: whatever the
 * rules are, keys and output are served in between.
 */
import { randomBytes } from 'node:crypto'
import { type AlertRule, type AlertSettings, alertRulesOf } from '../../formats/alert-rules.ts'
import type { ToldAlert } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { printable } from '../../runtime/printable.ts'
import { napper } from '../nap.ts'
import { AlertRecords } from './alert-records.ts'
import { KeptAlerts } from './kept-alerts.ts'
import { RuleCompiler } from './line-rules.ts'
import { OutputSearch } from './output-search.ts'

export interface AlertWatchOptions {
  consoles: readonly (AlertSettings & { name: string })[]
  /** Who sent something to the target of a console in the last {@link TYPED_MS}. */
  typistOf(console: string): string | undefined
  /** Where the latest alerts are kept over a restart. */
  file: string
  clock: Clock
  log: Logger
  /** An alert was told. */
  onChange(): void
}

/** Milliseconds for which what somebody sends may be the cause of what the target says. */
export const TYPED_MS = 30_000
/** Characters of the line that is told. */
const TEXT_CHARACTERS = 160
/** Milliseconds for which output is collected before it is searched. */
const COLLECT_MS = 100
/** Bytes that are searched sooner. */
const SOON_BYTES = 65_536
/** Milliseconds of silence after which the line that has no end yet is searched. */
const SILENCE_MS = 1_000
/** Milliseconds of one slice, and how many times as long the pause after it is. */
const SLICE_MS = 4
const PAUSE_FACTOR = 3
/** Milliseconds for which the rest is searched at the end of the program. */
const END_MS = 200

interface Watched {
  name: string
  search: OutputSearch
  records: AlertRecords
  /** Of the first output that waits, and of the last that came. */
  waitsSinceMs: number | undefined
  cameMs: number
  /** The open line was searched. */
  isPauseSeen: boolean
  /** When its records have something to tell. */
  tellsMs: number | undefined
}

export class AlertWatch {
  readonly #options: AlertWatchOptions
  readonly #kept: KeptAlerts
  readonly #compiler = new RuleCompiler()
  readonly #watched: Watched[]
  #wake: () => void = () => {}

  private constructor(options: AlertWatchOptions, kept: KeptAlerts) {
    this.#options = options
    this.#kept = kept
    this.#watched = options.consoles
      .map(console => ({ name: console.name, rules: alertRulesOf(console) }))
      .filter(({ rules }) => rules.length > 0)
      .map(({ name, rules }) => this.#watch(name, rules))
  }

  /** Never fails: a file that cannot be read is reported, and counts as empty. */
  static async in(options: AlertWatchOptions): Promise<AlertWatch> {
    const { file, consoles, clock, log } = options
    const names = consoles.map(({ name }) => name)
    return new AlertWatch(options, await KeptAlerts.in({ file, consoles: names, clock, log }))
  }

  /** The alerts that were told last, the latest last. */
  get latest(): ToldAlert[] {
    return this.#kept.latest
  }

  /** Those of one console that are kept. */
  of(console: string): ToldAlert[] {
    return this.#kept.of(console)
  }

  /** Where the output of a console goes; undefined for one without rules. */
  outputOf(console: string): ((bytes: Buffer) => void) | undefined {
    const watched = this.#watched.find(({ name }) => name === console)
    return watched && (bytes => this.#received(watched, bytes))
  }

  /** Until aborted; then what has come is searched, and all counts are told. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (this.#watched.length === 0) return
    const nap = napper(clock, signal)
    this.#wake = nap.wake
    while (!signal.aborted) {
      const dueMs = Math.min(...this.#watched.map(one => dueOf(one)))
      const waitMs = dueMs - clock.nowMs()
      if (waitMs > 0) {
        await nap.sleep(Math.min(waitMs, 3_600_000))
        continue
      }
      const beganMs = clock.nowMs()
      this.#slice(beganMs + SLICE_MS)
      void this.#kept.save()
      await clock.sleep(Math.max(1, PAUSE_FACTOR * (clock.nowMs() - beganMs)), signal)
    }
    this.#slice(clock.nowMs() + END_MS)
    for (const { records } of this.#watched) records.end(clock.nowMs())
    await this.#kept.save()
  }

  #received(watched: Watched, bytes: Buffer): void {
    const nowMs = this.#options.clock.nowMs()
    const isSoon = watched.search.pendingBytes >= SOON_BYTES
    watched.search.received(bytes)
    watched.cameMs = nowMs
    watched.isPauseSeen = false
    // Only when it becomes due sooner: each call costs an exception.
    if (watched.waitsSinceMs === undefined || (!isSoon && watched.search.pendingBytes >= SOON_BYTES)) this.#wake()
    watched.waitsSinceMs ??= nowMs
  }

  /** A step of each console in turn, until then. */
  #slice(untilMs: number): void {
    const { clock } = this.#options
    let busy = this.#watched.filter(one => this.#begins(one))
    while (busy.length > 0 && clock.nowMs() < untilMs) busy = busy.filter(one => this.#step(one))
  }

  #begins(watched: Watched): boolean {
    const { search, records } = watched
    const nowMs = this.#options.clock.nowMs()
    if (!search.isBusy && search.hasOpenLine && !watched.isPauseSeen && nowMs >= watched.cameMs + SILENCE_MS) {
      watched.isPauseSeen = true
      search.paused()
    }
    watched.tellsMs = records.due(nowMs)
    return search.isBusy
  }

  #step(watched: Watched): boolean {
    if (watched.search.step()) return true
    watched.waitsSinceMs = undefined
    return false
  }

  #watch(name: string, rules: readonly AlertRule[]): Watched {
    const { typistOf, clock, log, onChange } = this.#options
    const records = new AlertRecords({
      console: name,
      newRef: () => randomBytes(6).toString('hex'),
      tell: alert => {
        const { rule, count, typist, text } = alert
        log.warn({ console: name, rule, count, ...(typist && { typist }), ...(text && { text }) }, 'alert')
        this.#kept.tell(alert)
        onChange()
      },
    })
    const search = new OutputSearch({
      lineRules: this.#compiler.compile(rules),
      onMatch: ({ name: rule, alertText }, line) => {
        const text = alertText ? printable(line.trim(), TEXT_CHARACTERS) : undefined
        records.matched({ rule, typist: typistOf(name), text, atMs: clock.nowMs() })
        watched.tellsMs = records.due(clock.nowMs())
      },
      onSkipped: bytes => log.warn({ console: name, bytes }, 'output not searched for alerts: too much came at once'),
    })
    const watched: Watched = {
      ...{ name, search, records },
      ...{ waitsSinceMs: undefined, cameMs: Number.NEGATIVE_INFINITY, isPauseSeen: true, tellsMs: undefined },
    }
    return watched
  }
}

/** When there is something to do for it, in milliseconds of the monotonic clock. */
function dueOf({ search, waitsSinceMs, cameMs, isPauseSeen, tellsMs }: Watched): number {
  if (search.pendingBytes >= SOON_BYTES) return Number.NEGATIVE_INFINITY
  return Math.min(
    waitsSinceMs === undefined ? Number.POSITIVE_INFINITY : waitsSinceMs + COLLECT_MS,
    search.hasOpenLine && !isPauseSeen ? cameMs + SILENCE_MS : Number.POSITIVE_INFINITY,
    tellsMs ?? Number.POSITIVE_INFINITY,
  )
}
