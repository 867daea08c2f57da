/** The transcript of one console: records in memory, then in its files. A disk that fails costs records, and nothing else. */
import { reasonOf } from '../../runtime/unexpected.ts'
import { syncDirectory } from '../../runtime/write-atomically.ts'
import type { EventFields, EventKind } from '../console/recorder.ts'
import type { Scrollback } from '../console/scrollback.ts'
import { ClockMarks } from './clock-marks.ts'
import type { ClockWatch } from './clock-watch.ts'
import { lastLine } from './last-line.ts'
import { readRecords } from './read-records.ts'
import { eventText, type Line, lineText, parseEvent, type TranscriptRecord } from './record.ts'
import { OutputRecorder, type Sink } from './recorder.ts'
import { SEGMENTS, Segments, segmentsIn } from './segments.ts'
import type { Transcript } from './transcript.ts'

export interface ConsoleTranscriptOptions {
  directory: string
  scrollback: Scrollback
  times: ClockWatch
  nowMs(): number
  /** Of this boot of the device. */
  bootId: string
  software: string
  quotaBytes: number
  /** Called when there is something to write; `now` when memory is running out. */
  onPending(now: boolean): void
  /** Called with the cause when the disk begins to fail, and without when it works again. */
  onTrouble(cause: string | undefined): void
}

/** Bytes of records that are written at once, without waiting for more. */
const WRITE_BYTES = 131_072
/** Bytes of records in memory, beyond which output waits in the scrollback. */
const PENDING_BOUND_BYTES = 262_144

export class ConsoleTranscript implements Transcript, Sink {
  readonly recorder: OutputRecorder
  readonly #options: ConsoleTranscriptOptions
  #segments: Segments | undefined
  #openedAt: number | undefined
  /** Records that are to be written: first the block, then the lines. */
  #block = Buffer.alloc(0)
  #lines: string[] = []
  #pendingBytes = 0
  #isUnsynced = false
  /** So much is in memory that it is to be written at once. */
  #isWriteDue = false
  #writing: Promise<void> = Promise.resolve()
  #trouble: { sinceMs: number; cause: string } | undefined
  readonly #clockMarks = new ClockMarks()
  /** Those who wait for more. */
  readonly #followers = new Set<() => void>()

  constructor(options: ConsoleTranscriptOptions) {
    const { scrollback, nowMs, times } = options
    this.#options = options
    this.recorder = new OutputRecorder({ scrollback, nowMs, times, sink: this })
  }

  /** The position at which this run began; undefined until its files were found, or made. */
  get openedAt(): number | undefined {
    return this.#openedAt
  }

  get start(): number {
    return this.#segments?.start ?? 0
  }

  get end(): number {
    return this.#segments?.end ?? 0
  }

  /** The disk does not take what is recorded: since when (`Clock.nowMs`), and why. */
  get trouble(): { sinceMs: number; cause: string } | undefined {
    return this.#trouble
  }

  get place(): { position: number; scrollback: number } | undefined {
    const { drainedTo } = this.recorder
    if (drainedTo === undefined || this.#pendingBytes > 0 || !this.#segments) return undefined
    return { position: this.end, scrollback: drainedTo }
  }

  get cause(): string | undefined {
    return this.#trouble?.cause
  }

  get hasRoom(): boolean {
    return this.#pendingBytes < PENDING_BOUND_BYTES
  }

  get isUnsynced(): boolean {
    return this.#isUnsynced
  }

  add(lines: string): void {
    this.#lines.push(lines)
    this.#pendingBytes += lines.length
    if (this.#pendingBytes < WRITE_BYTES || this.#isWriteDue) return
    this.#isWriteDue = true
    this.#options.onPending(true)
  }

  wake(): void {
    this.#options.onPending(false)
    this.#wakeFollowers()
  }

  /** Everything said until now is in the files, unless the disk fails. */
  flush(): Promise<void> {
    this.recorder.finish()
    return this.write()
  }

  /** Writes the records that are complete; never throws. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Puts what was written on the disk; never throws. */
  async sync(): Promise<void> {
    if (!this.#isUnsynced) return
    this.#isUnsynced = false
    try {
      await this.#segments?.sync()
    } catch (err) {
      // The kernel forgets what it could not write: see fsync(2), EIO.
      this.#fails(err)
      this.recorder.happened('gap', 'missing', { cause: `the disk lost what was written before: ${causeOf(err)}` })
    }
  }

  records(from: number, to?: number): AsyncIterable<TranscriptRecord> {
    return readRecords(this.#options.directory, this.#clockMarks, from, to ?? this.end)
  }

  async positionAt(atMs: number): Promise<number> {
    const segments = await segmentsIn(this.#options.directory)
    for (const { start, end } of segments.toReversed()) {
      for await (const record of this.records(start, end)) {
        if (record.atMs < atMs) return record.position
        break
      }
    }
    return this.start
  }

  more(position: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#pendingBytes > 0 || position < this.end) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        signal.removeEventListener('abort', done)
        this.#followers.delete(done)
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#followers.add(done)
    })
  }

  /** Drops what is older. @param beforeMs milliseconds since 1970 */
  async expire(beforeMs: number): Promise<void> {
    const segments = this.#segments
    const last = segments?.all.at(-1)
    if (!segments || !last) return
    try {
      // The file that is written is never dropped, so another takes its place.
      if (last.changedMs < beforeMs && last.end > last.start && this.#pendingBytes === 0)
        await this.#beginSegment(segments)
      await segments.drop(oldest => oldest.changedMs < beforeMs)
    } catch (err) {
      this.#fails(err)
    }
  }

  /** Nothing is recorded after this. */
  async close(): Promise<void> {
    this.recorder.happened('bridge', 'stopped')
    await this.flush()
    await this.sync()
    await this.#segments?.close().catch(() => {})
  }

  async #write(): Promise<void> {
    this.#isWriteDue = false
    try {
      this.#segments ??= await this.#open()
      this.recorder.drain()
      // More may be drained once there is room.
      while (this.#pendingBytes > 0) {
        await this.#append(this.#segments)
        // Before the trouble is over: a gap says what it was.
        this.recorder.drain()
        this.#works()
      }
    } catch (err) {
      // Opened anew at the next attempt: the disk may have been mounted again.
      await this.#segments?.close().catch(() => {})
      this.#fails(err)
    }
  }

  /** Writes what is in memory now, each file up to its size. */
  async #append(segments: Segments): Promise<void> {
    this.#block = Buffer.concat([this.#block, Buffer.from(this.#lines.join(''), 'latin1')])
    this.#lines = []
    while (this.#block.length > 0) {
      const room = Math.floor(this.#options.quotaBytes / SEGMENTS) - segments.currentBytes
      const fits = this.#block.length <= room
      const end = fits ? this.#block.length : room <= 0 ? 0 : this.#block.lastIndexOf(0x0a, room - 1) + 1
      if (end === 0) {
        await this.#beginSegment(segments)
        continue
      }
      await segments.write(this.#block.subarray(0, end))
      this.#isUnsynced = true
      this.#block = this.#block.subarray(end)
      this.#pendingBytes -= end
      this.#wakeFollowers()
    }
  }

  async #beginSegment(segments: Segments): Promise<void> {
    const { quotaBytes, directory, bootId, software, nowMs } = this.#options
    await segments.begin()
    await segments.write(this.#line(nowMs(), 'bridge', 'continues', { boot: bootId, version: software }))
    // What is in the file that just began may become so large again.
    await segments.drop((_, bytes) => bytes + quotaBytes / SEGMENTS > quotaBytes)
    this.#clockMarks.forgetBefore(segments.start)
    await syncDirectory(directory)
  }

  async #open(): Promise<Segments> {
    const { directory, bootId, software, nowMs } = this.#options
    const { segments, tornBytes } = await Segments.in(directory)
    const last = await lastLine(segments.all)
    this.#openedAt = segments.end
    const atMs = nowMs()
    const isCut = tornBytes > 0 || (last !== undefined && !isEnd(last))
    const cause = 'the bridge or the device ended without warning: some seconds of output before this may be missing'
    const gap = isCut ? this.#line(atMs, 'gap', 'missing', { cause }) : Buffer.alloc(0)
    const started = this.#line(atMs, 'bridge', 'started', { boot: bootId, version: software })
    await segments.write(Buffer.concat([gap, started]))
    await syncDirectory(directory)
    return segments
  }

  #line(atMs: number, kind: EventKind, what: string, fields: EventFields): Buffer {
    const { times } = this.#options
    return Buffer.from(lineText(times.wallOf(atMs), times.quality, kind, eventText(what, fields)), 'latin1')
  }

  #wakeFollowers(): void {
    for (const follower of [...this.#followers]) follower()
  }

  #fails(err: unknown): void {
    const cause = causeOf(err)
    if (this.#trouble?.cause === cause) return
    this.#trouble = { sinceMs: this.#trouble?.sinceMs ?? this.#options.nowMs(), cause }
    this.#options.onTrouble(cause)
  }

  #works(): void {
    if (!this.#trouble) return
    this.#trouble = undefined
    this.#options.onTrouble(undefined)
  }
}

function isEnd({ kind, text }: Line): boolean {
  return kind === 'bridge' && parseEvent(text).what === 'stopped'
}

/** `no space left on device (ENOSPC)`, without advice: nobody runs this again. */
function causeOf(err: unknown): string {
  return reasonOf(err).split(';')[0] as string
}
