/** The transcripts of all consoles: written every few seconds when something came, and put on the disk together. */
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConsoleConfig, DeviceConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { reasonOf } from '../../runtime/unexpected.ts'
import type { Recorder } from '../console/recorder.ts'
import type { Scrollback } from '../console/scrollback.ts'
import { napper } from '../nap.ts'
import { type Access, accessNow, readAccess, writeAccess } from './access.ts'
import { ClockWatch } from './clock-watch.ts'
import { ConsoleTranscript } from './console-transcript.ts'
import { dropFormer } from './former.ts'
import { QUOTA_MIN_BYTES, quotaOf } from './quota.ts'

export interface TranscriptsOptions {
  /** The folder of all transcripts. */
  directory: string
  config: Pick<DeviceConfig, 'consoles' | 'technicians' | 'bridge'>
  clock: Clock
  isClockSynchronized(): boolean
  bootId: string
  software: string
  log: Logger
  /** The status of a transcript changed. */
  onChange(): void
}

/** Milliseconds for which records are collected: what was said is on the disk within 5 s, the time of a sync included. */
const COLLECT_MS = 3_000
/** Milliseconds between two looks at the clock, which also find what may be written again. */
const CHECK_MS = 60_000
/** Milliseconds between two attempts while the disk fails. */
const RETRY_MS = 5_000
const DAY_MS = 86_400_000

export class Transcripts {
  readonly #options: TranscriptsOptions
  readonly #times: ClockWatch
  readonly #transcripts = new Map<string, ConsoleTranscript>()
  #quotaBytes = QUOTA_MIN_BYTES
  /** Undefined until it could be noted. */
  #access: Access | undefined
  /** Whether that is on the disk, too. */
  #isAccessNoted = false
  #isFailureTold = false
  #isPending = false
  #onPending: () => void = () => {}

  private constructor(options: TranscriptsOptions) {
    this.#options = options
    this.#times = new ClockWatch(options.clock, options.isClockSynchronized)
  }

  /** Never fails: a disk that cannot be read is tried again later. */
  static async in(options: TranscriptsOptions): Promise<Transcripts> {
    const transcripts = new Transcripts(options)
    await transcripts.#prepare().catch(err => options.log.error({ err }, 'transcripts: the disk cannot be prepared'))
    return transcripts
  }

  /** For a new console. @returns undefined for one without a transcript */
  recorderOf({ name, transcript }: ConsoleConfig, scrollback: Scrollback): Recorder | undefined {
    if (!transcript) return undefined
    const { directory, clock, bootId, software, log, onChange } = this.#options
    const one = new ConsoleTranscript({
      ...{ directory: join(directory, name), scrollback, times: this.#times, bootId, software },
      nowMs: () => clock.nowMs(),
      quotaBytes: this.#quotaBytes,
      onPending: now => {
        if (now) void one.write()
        if (this.#isPending) return
        this.#isPending = true
        this.#onPending()
      },
      onTrouble: cause => {
        if (cause === undefined) log.info({ console: name }, 'transcript written again')
        else log.error({ console: name, cause }, 'transcript not written')
        onChange()
      },
    })
    this.#transcripts.set(name, one)
    return one.recorder
  }

  /** Undefined for a console without one. */
  of(console: string): ConsoleTranscript | undefined {
    return this.#transcripts.get(console)
  }

  /** Since when (milliseconds since 1970) and why the disk does not take it. */
  troubleOf(console: string): { since: number; cause: string } | undefined {
    const trouble = this.of(console)?.trouble
    return trouble && { since: this.#times.wallOf(trouble.sinceMs), cause: trouble.cause }
  }

  /** The position at which the part begins that this person may read; undefined where that is not known. */
  sinceFor(person: string, console: string): number | undefined {
    return this.#access?.[person]?.[console]
  }

  /**
   * Opens the files, and finds out who may read what: before this, nobody may read anything. Never throws; what a disk that
   * fails does not let be done is tried again later.
   */
  async begin(): Promise<void> {
    await Promise.all(this.#all.map(one => one.flush()))
    await this.#noteAccess()
  }

  /** Writes until aborted, then once more. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const all = this.#all
    if (all.length === 0) return
    const nap = napper(clock, signal)
    this.#onPending = nap.wake
    let expiredAtMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      if (this.#isPending) await clock.sleep(COLLECT_MS, signal)
      this.#isPending = false
      const setByMs = this.#times.check()
      if (setByMs !== 0) for (const one of all) one.recorder.clockSet(setByMs)
      await Promise.all(all.map(one => one.flush()))
      // Side by side: a journaling file system commits them together (fdatasync(2)).
      await Promise.all(all.map(one => one.sync()))
      await this.#noteAccess()
      if (clock.nowMs() - expiredAtMs >= DAY_MS && this.#times.quality === 'sync') {
        expiredAtMs = clock.nowMs()
        await this.#expire(all)
      }
      if (this.#isPending) continue
      await nap.sleep(all.some(({ trouble }) => trouble) ? RETRY_MS : CHECK_MS)
    }
    await Promise.all(all.map(one => one.close()))
  }

  async #prepare(): Promise<void> {
    const { directory, config } = this.#options
    const { transcriptBytes, transcriptPercent } = config.bridge
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { blocks, bsize } = await statfs(directory)
    const recorded = config.consoles.filter(({ transcript }) => transcript).length
    const totalBytes = blocks * bsize
    const boundBytes = Math.max(0, (totalBytes * transcriptPercent) / 100 - recorded * transcriptBytes)
    const former = await dropFormer(directory, this.#names, Number.NEGATIVE_INFINITY, boundBytes)
    this.#quotaBytes = quotaOf(transcriptBytes, recorded, totalBytes, transcriptPercent, former)
  }

  async #noteAccess(): Promise<void> {
    const { directory, config, log } = this.#options
    if (this.#isAccessNoted || !this.#all.every(({ openedAt }) => openedAt !== undefined)) return
    try {
      const before = await readAccess(directory)
      this.#access = accessNow(before, config.technicians, this.#names, name => this.of(name)?.openedAt)
      if (JSON.stringify(before) !== JSON.stringify(this.#access)) await writeAccess(directory, this.#access)
      this.#isAccessNoted = true
    } catch (err) {
      if (!this.#isFailureTold)
        log.error({ cause: reasonOf(err) }, 'cannot note since when each technician has a console')
      this.#isFailureTold = true
    }
  }

  async #expire(all: readonly ConsoleTranscript[]): Promise<void> {
    const { clock, directory, config, log } = this.#options
    const beforeMs = clock.wallMs() - config.bridge.transcriptDays * DAY_MS
    try {
      for (const one of all) await one.expire(beforeMs)
      await dropFormer(directory, this.#names, beforeMs, Number.POSITIVE_INFINITY)
    } catch (err) {
      log.error({ cause: reasonOf(err) }, 'old transcripts cannot be removed')
    }
  }

  get #all(): ConsoleTranscript[] {
    return [...this.#transcripts.values()]
  }

  get #names(): string[] {
    return this.#options.config.consoles.map(({ name }) => name)
  }
}
