/** Keeps the entries of all consoles: listens to what their recorders are told, and appends to one file on the disk. */
import { open, readFile } from 'node:fs/promises'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { errorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { reasonOf } from '../../runtime/unexpected.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { EventFields, Recorder } from '../console/recorder.ts'
import type { Transcript } from '../transcript/transcript.ts'
import { Entries } from './entries.ts'
import type { Entry, EntryEnd } from './entry.ts'
import type { RecordingList } from './recording-list.ts'

/** `openedAt`: the position at which this run of the bridge began; undefined until the files were found. */
export type RecordedTranscript = Transcript & { readonly openedAt: number | undefined }

export interface RecordingsOptions {
  file: string
  /** Names of all consoles; entries of others are dropped. */
  consoles: readonly string[]
  transcriptOf(console: string): RecordedTranscript | undefined
  clock: Clock
  log: Logger
}

/** Milliseconds for which changes are collected: with the sync, an entry is on the disk within 5 s, as what it points to. */
const COLLECT_MS = 2_000

/** A session that goes on. */
interface Running {
  entry: Entry
  /** Of `Clock.nowMs`. */
  beganMs: number
}

export class Recordings implements RecordingList {
  readonly #options: RecordingsOptions
  readonly #times: WallTimes
  readonly #entries: Entries
  readonly #running = new Map<string, Running>()
  /** Sessions whose last part is being written. */
  readonly #ending = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #pending = ''
  #writing: Promise<void> = Promise.resolve()
  #isScheduled = false
  #isFailing = false

  private constructor(options: RecordingsOptions, text: string) {
    this.#options = options
    this.#times = new WallTimes(options.clock)
    this.#entries = Entries.parse(text, options.consoles)
  }

  /** Never fails: what cannot be read is begun anew. */
  static async in(options: RecordingsOptions): Promise<Recordings> {
    const { file, log } = options
    const text = await readFile(file, 'utf8').catch(err => {
      if (errorCode(err) !== 'ENOENT') log.error({ cause: reasonOf(err) }, 'recordings: the list cannot be read')
      return ''
    })
    return new Recordings(options, text)
  }

  /** Oldest first. */
  of(console: string): Entry[] {
    return this.#entries.of(console)
  }

  find(console: string, number: number): Entry | undefined {
    return this.#entries.find(console, number)
  }

  /** Listens to what a transcript's recorder is told. */
  listening<R extends Recorder | undefined>(console: string, recorder: R): R | Recorder {
    if (!recorder) return recorder
    return {
      received: () => recorder.received(),
      happened: (kind, what, fields = {}) => {
        if (kind === 'session' && what === 'begin') this.#begin(console, fields)
        recorder.happened(kind, what, fields)
        if (kind !== 'session' || what !== 'end') return
        const ending = this.#end(console, fields)
        this.#ending.add(ending)
        void ending.finally(() => this.#ending.delete(ending))
      },
    }
  }

  /** Sessions without an end were cut off when the bridge ended. Called once the transcripts are open. */
  async settle(): Promise<void> {
    for (const entry of this.#entries.all) {
      if (entry.end?.position !== undefined || this.#running.has(key(entry.console, entry.id))) continue
      const transcript = this.#options.transcriptOf(entry.console)
      await transcript?.flush()
      // Without a transcript, nothing is left of it: its part ends where it begins.
      const position = transcript?.openedAt ?? entry.position ?? 0
      const end = entry.end ?? { at: entry.beganAt, how: 'restart', typedBytes: 0 }
      this.#put({ ...entry, end: { ...end, position } })
    }
  }

  /** Puts the rest on the disk; called while the transcripts are still written. */
  async close(): Promise<void> {
    await Promise.all(this.#ending)
    this.#closing.abort()
    this.#pending = ''
    await this.#writing
    await this.#write(() => writeAtomically(this.#options.file, this.#entries.text(), 0o600))
  }

  #begin(console: string, { id, by, from, role, size }: EventFields): void {
    const transcript = this.#options.transcriptOf(console)
    const beganMs = this.#options.clock.nowMs()
    const entry: Entry = {
      number: this.#entries.nextNumber(console),
      ...{ console, id: Number(id), who: `${by}`, from: `${from}`, role: role === 'observer' ? role : 'operator' },
      beganAt: this.#times.of(beganMs),
      ...(size !== undefined && { size: `${size}` }),
      // What is still in memory follows there.
      ...(transcript?.openedAt !== undefined && { position: transcript.end }),
    }
    this.#running.set(key(console, entry.id), { entry, beganMs })
    this.#put(entry)
  }

  async #end(console: string, { id, how, typed }: EventFields): Promise<void> {
    const running = this.#running.get(key(console, Number(id)))
    if (!running) return
    const { entry, beganMs } = running
    this.#running.delete(key(console, entry.id))
    // Times of now: the clock may have been set since the session began.
    const [beganAt, at] = [this.#times.of(beganMs), this.#times.of(this.#options.clock.nowMs())]
    const end = { at, how: how as EntryEnd['how'], typedBytes: Number(typed ?? 0) }
    const transcript = this.#options.transcriptOf(console)
    this.#put({ ...entry, beganAt, end })
    await transcript?.flush()
    this.#put({ ...entry, beganAt, end: { ...end, position: transcript?.end } })
  }

  #put(entry: Entry): void {
    this.#pending += this.#entries.put(entry) ?? ''
    if (this.#isScheduled || this.#closing.signal.aborted) return
    this.#isScheduled = true
    this.#writing = this.#options.clock.sleep(COLLECT_MS, this.#closing.signal).then(() => {
      this.#isScheduled = false
      return this.#closing.signal.aborted ? undefined : this.#write(() => this.#append())
    })
  }

  async #append(): Promise<void> {
    const { file } = this.#options
    const lines = this.#pending
    this.#pending = ''
    if (this.#isFailing || this.#entries.isFileLong) {
      await writeAtomically(file, this.#entries.text(), 0o600)
      return
    }
    const handle = await open(file, 'a', 0o600)
    try {
      // A line that a power cut left half written must not take the next one with it.
      await handle.writeFile(`\n${lines}`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }

  /** A disk that fails costs entries, and nothing else: the next change writes all of them. */
  async #write(work: () => Promise<void>): Promise<void> {
    const { log } = this.#options
    try {
      await work()
      if (this.#isFailing) log.info('recordings: the list is written again')
      this.#isFailing = false
    } catch (err) {
      if (!this.#isFailing) log.error({ cause: reasonOf(err) }, 'recordings: the list is not written')
      this.#isFailing = true
    }
  }
}

function key(console: string, id: number): string {
  return `${console} ${id}`
}
