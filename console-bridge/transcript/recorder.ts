/**
 * Turns what a console receives into records. Output stays in the console's scrollback until it is drained, so that a disk that
 * does not take anything costs no memory: what is overwritten there meanwhile becomes a gap. No effects.
 */
import type { EventFields, EventKind, Recorder } from '../console/recorder.ts'
import type { Scrollback } from '../console/scrollback.ts'
import type { ClockWatch } from './clock-watch.ts'
import { pauseText, textOf, textOfLines, unfinishedBytes } from './output-text.ts'
import { eventText, headText, lineText } from './record.ts'

/** Where records go: the memory in front of a file. */
export interface Sink {
  /** Output is taken while this is so. */
  readonly hasRoom: boolean
  /** Why it has none, if the disk says so. */
  readonly cause: string | undefined
  /** @param lines whole records, a binary string */
  add(lines: string): void
  /** There is something to be drained within seconds. */
  wake(): void
}

export interface RecorderOptions {
  scrollback: Scrollback
  nowMs(): number
  times: ClockWatch
  sink: Sink
}

/** Bytes of output in one record. */
export const RECORD_BYTES = 4_096
/** Milliseconds of silence after which a record ends. */
export const SILENCE_MS = 1_000
/** Milliseconds of a pause that is noted inside a record; at 9600 baud, shorter ones would cost more than the output. */
const PAUSE_MS = 50
/** Bytes at a time. */
const BLOCK_BYTES = 65_536
/** Events that wait while the sink has no room; beyond that they are counted only. */
const EVENTS_BOUND = 200
/** Times of pieces that wait: 20 a second at the most. Beyond that, the pieces between get the time of the one before. */
const MARKS_BOUND = 8_192
/** With a line end of two bytes, more than a record. */
const LONG_LINE = /(?:^|\n)[^\n]{4095}/

/** A place in the scrollback, and when what is there arrived. */
interface Mark {
  position: number
  atMs: number
}

interface OpenRecord {
  beganMs: number
  /** When the last output of it came. */
  latestMs: number
  /** The time to which its text has come by its pauses. */
  toldMs: number
  text: string
  bytes: number
}

export class OutputRecorder implements Recorder {
  readonly #options: RecorderOptions
  readonly #marks: Mark[] = []
  readonly #events: (Mark & { kind: EventKind; text: string })[] = []
  #lostEvents = 0
  /** Up to here, the scrollback is in records. */
  #position: number
  #end: number
  #open: OpenRecord | undefined
  /** The beginning of a character, whose rest is still to come. */
  #unfinished = Buffer.alloc(0)
  #latestMs = Number.NEGATIVE_INFINITY
  /** The beginning of all records of output of one moment. */
  #head = { atMs: Number.NaN, quality: '', text: '' }

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#position = options.scrollback.end
    this.#end = this.#position
  }

  /** Up to this position of the scrollback, everything is in the sink; undefined while a record is open. */
  get drainedTo(): number | undefined {
    return this.#open === undefined ? this.#position : undefined
  }

  received(): void {
    const { scrollback, nowMs, sink } = this.#options
    const atMs = nowMs()
    const last = this.#marks.at(-1)
    if (this.#marks.length >= MARKS_BOUND) this.#forgetMarks()
    if ((last === undefined || atMs - last.atMs >= PAUSE_MS) && this.#marks.length < MARKS_BOUND) {
      this.#marks.push({ position: this.#end, atMs })
    }
    this.#end = scrollback.end
    // Half of it: the other half is for what comes while the sink has no room.
    if (this.#end - this.#position > scrollback.capacityBytes / 2) this.drain()
    sink.wake()
  }

  happened(kind: EventKind, what: string, fields?: EventFields): void {
    const { nowMs, sink } = this.#options
    if (this.#events.length >= EVENTS_BOUND) this.#lostEvents++
    else this.#events.push({ position: this.#end, atMs: nowMs(), kind, text: eventText(what, fields) })
    this.drain()
    sink.wake()
  }

  /** The clock was set: what is in the sink and in the file was written with the old time, what follows has the new one. */
  clockSet(byMs: number): void {
    const { times, nowMs, sink } = this.#options
    sink.add(lineText(times.wallOf(nowMs()), times.quality, 'clock', eventText('set', { by_ms: byMs })))
  }

  /** Ends the record that is open, so that everything until now is in the sink, if it has room. */
  finish(): void {
    this.drain()
    this.#endRecord('part')
  }

  /** Turns output into records, while the sink has room. */
  drain(): void {
    const { scrollback, sink } = this.#options
    while (sink.hasRoom) {
      const event = this.#events[0]
      const until = event?.position ?? this.#end
      if (this.#position < until) {
        const { bytes, missedBytes, next } = scrollback.read(
          this.#position,
          Math.min(BLOCK_BYTES, until - this.#position),
        )
        if (missedBytes > 0) this.#missing(missedBytes)
        this.#take(bytes, next - bytes.length)
        this.#position = next
      } else if (event) {
        this.#events.shift()
        this.#write(event.atMs, event.kind, event.text)
      } else {
        break
      }
    }
    if (this.#lostEvents === 0 || this.#events.length > 0 || !sink.hasRoom) return
    this.#write(this.#options.nowMs(), 'gap', eventText('missing', { events: this.#lostEvents }))
    this.#lostEvents = 0
  }

  /** Those of output that is overwritten. */
  #forgetMarks(): void {
    const { start } = this.#options.scrollback
    const first = this.#marks.findIndex(({ position }) => position > start)
    this.#marks.splice(0, Math.max(0, first - 1))
  }

  #missing(bytes: number): void {
    const { cause = 'the disk was slower than the line' } = this.#options.sink
    this.#write(this.#options.nowMs(), 'gap', eventText('missing', { bytes, cause }))
  }

  /** @param from the position of the first byte */
  #take(bytes: Buffer, from: number): void {
    let at = 0
    while (at < bytes.length) {
      // A time counts for what comes after it, up to the next one.
      while (this.#marks[1] !== undefined && this.#marks[1].position <= from + at) this.#marks.shift()
      const mark = this.#marks[0]
      if (mark !== undefined && mark.position <= from + at) this.#latestMs = mark.atMs
      const next = mark !== undefined && mark.position > from + at ? mark : this.#marks[1]
      const end = Math.min(bytes.length, next === undefined ? bytes.length : next.position - from)
      this.#takePiece(bytes.subarray(at, end), this.#latestMs)
      at = end
    }
  }

  /** Output that came at one time. */
  #takePiece(bytes: Buffer, atMs: number): void {
    if (this.#open && atMs - this.#open.latestMs >= SILENCE_MS) this.#endRecord('part')
    let at = 0
    while (at < bytes.length) {
      if (this.#open === undefined && this.#unfinished.length === 0) {
        const linesEnd = bytes.lastIndexOf(0x0a) + 1
        if (linesEnd > at && this.#takeLines(bytes.subarray(at, linesEnd), atMs)) {
          at = linesEnd
          continue
        }
      }
      this.#open ??= { beganMs: atMs, latestMs: atMs, toldMs: atMs, text: '', bytes: 0 }
      const newline = bytes.indexOf(0x0a, at)
      const end = Math.min(newline < 0 ? bytes.length : newline + 1, at + RECORD_BYTES - this.#open.bytes)
      this.#extend(this.#open, bytes.subarray(at, end), atMs)
      at = end
      if (newline >= 0 && end === newline + 1) this.#endRecord('out')
      else if (this.#open.bytes >= RECORD_BYTES) this.#endRecord('part')
    }
  }

  /** The quick way: many lines at once. @returns false where it cannot be taken */
  #takeLines(bytes: Buffer, atMs: number): boolean {
    if (LONG_LINE.test(bytes.toString('latin1'))) return false
    const text = textOfLines(bytes, this.#outHead(atMs))
    if (text === undefined) return false
    this.#options.sink.add(text)
    return true
  }

  #extend(open: OpenRecord, bytes: Buffer, atMs: number): void {
    if (atMs - open.toldMs >= PAUSE_MS) {
      open.text += pauseText(atMs - open.toldMs)
      open.toldMs = atMs
    }
    open.latestMs = atMs
    open.bytes += bytes.length
    const whole = this.#unfinished.length > 0 ? Buffer.concat([this.#unfinished, bytes]) : bytes
    const rest = unfinishedBytes(whole)
    open.text += textOf(whole.subarray(0, whole.length - rest))
    this.#unfinished = rest === 0 ? EMPTY : Buffer.from(whole.subarray(whole.length - rest))
  }

  #endRecord(kind: 'out' | 'part'): void {
    const open = this.#open
    if (open === undefined) return
    const { times, sink } = this.#options
    const text = open.text + textOf(this.#unfinished)
    this.#open = undefined
    this.#unfinished = EMPTY
    const head =
      kind === 'out' ? this.#outHead(open.beganMs) : headText(times.wallOf(open.beganMs), times.quality, kind)
    sink.add(`${head}${text}\n`)
  }

  #outHead(atMs: number): string {
    const { times } = this.#options
    const wallMs = times.wallOf(atMs)
    if (this.#head.atMs !== wallMs || this.#head.quality !== times.quality) {
      this.#head = { atMs: wallMs, quality: times.quality, text: headText(wallMs, times.quality, 'out') }
    }
    return this.#head.text
  }

  #write(atMs: number, kind: EventKind, text: string): void {
    const { times, sink } = this.#options
    this.#endRecord('part')
    sink.add(lineText(times.wallOf(atMs), times.quality, kind, text))
  }
}

const EMPTY = Buffer.alloc(0)
