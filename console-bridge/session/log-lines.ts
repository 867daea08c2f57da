/** Records of a transcript as lines for people. No control sequence of the target is left in them. */
import type { EventKind } from '../console/recorder.ts'
import { bytesOf } from '../transcript/output-text.ts'
import { isOutput, parseEvent, type TranscriptRecord } from '../transcript/record.ts'
import { PlainText } from './plain-text.ts'
import { shownLine } from './shown-line.ts'

export interface LogLine {
  /** The position of the record in which it begins. */
  position: number
  /** `2026-11-26 04:20:07.123Z`; with `?` in place of `Z` where the clock was not known to be right. UTC in both cases. */
  time: string
  /** What the target said, or what happened, as `[oobm: …]`. */
  text: string
  /** It has no end: more of it may come. */
  isOpen?: true
}

/** Characters of a line without an end. */
const LINE_BOUND = 8_192
/** Output that needs no parser: no escapes but the line end. Most lines. */
const SIMPLE = /^([^\\]*)(?:\\x0d)?\\x0a$/

/** Feed it records in order. */
export class LogLines {
  #plain: PlainText
  #line: { position: number; time: string; bytes: Buffer[]; length: number } | undefined

  /** @param isWhole false where the first record may begin inside a control sequence */
  constructor(isWhole = true) {
    this.#plain = new PlainText(isWhole)
  }

  /** @returns the lines that this record completes */
  feed(record: TranscriptRecord): LogLine[] {
    if (!isOutput(record)) return this.#event(record)
    const simple = this.#line === undefined && this.#plain.isBetween ? SIMPLE.exec(record.text)?.[1] : undefined
    if (simple !== undefined) {
      return [{ position: record.position, time: timeOf(record), text: Buffer.from(simple, 'latin1').toString() }]
    }
    return this.#output(record)
  }

  /** @returns the line that has no end yet */
  end(): LogLine[] {
    const line = this.#line
    this.#line = undefined
    if (!line) return []
    const text = shownLine(Buffer.concat(line.bytes).toString())
    return text === '' ? [] : [{ position: line.position, time: line.time, text, isOpen: true }]
  }

  #event(record: TranscriptRecord): LogLine[] {
    const lines = this.end()
    // What comes after a gap may be the middle of anything.
    if (record.kind === 'gap') this.#plain = new PlainText(false)
    const text = describeEvent(record.kind as EventKind, record.text)
    return text === undefined
      ? lines
      : [...lines, { position: record.position, time: timeOf(record), text: `[oobm: ${text}]` }]
  }

  #output(record: TranscriptRecord): LogLine[] {
    const lines: LogLine[] = []
    let rest = this.#plain.feed(bytesOf(record.text))
    while (rest.length > 0) {
      this.#line ??= { position: record.position, time: timeOf(record), bytes: [], length: 0 }
      const newline = rest.indexOf(0x0a)
      const piece = rest.subarray(0, newline < 0 ? rest.length : newline)
      this.#line.bytes.push(piece)
      this.#line.length += piece.length
      rest = rest.subarray(newline < 0 ? rest.length : newline + 1)
      if (newline >= 0) lines.push(...this.#ended())
      else if (this.#line.length > LINE_BOUND) lines.push(...this.end())
    }
    return lines
  }

  /** A line with an end is shown also when it is empty. */
  #ended(): LogLine[] {
    const line = this.#line
    return line ? [{ position: line.position, time: line.time, text: this.end()[0]?.text ?? '' }] : []
  }
}

/** As a sentence. @returns undefined for what concerns only the files */
export function describeEvent(kind: EventKind, text: string): string | undefined {
  const { what, fields } = parseEvent(text)
  const { by, cause, settings } = fields
  const who = by ?? 'somebody'
  const because = cause === undefined ? '' : `: ${cause}`
  switch (`${kind} ${what}` satisfies `${EventKind} ${string}`) {
    case 'session begin':
      return `${who} joined`
    case 'session end':
      return `${who} left`
    // Of a terminal; recordings have it.
    case 'session size':
      return undefined
    case 'keyboard taken':
      return `${who} took over typing from ${fields.from}`
    case 'keyboard free':
      return `${who} types now`
    case 'keyboard released':
      return `${who} no longer types`
    case 'break sent':
      return `${who} sent BREAK, ${fields.ms} ms${fields.times === undefined ? '' : `, ${fields.times} times`}`
    case 'break failed':
      return `a BREAK of ${who} was not sent${because}`
    case 'power on':
    case 'power off':
      return `${who} switches ${what} the power of the target (${fields.outlets})`
    case 'power cycle':
      return `${who} cycles the power of the target (${fields.outlets})`
    case 'power done':
      return `the power is switched, as ${who} asked`
    case 'power failed':
      return `the power is not as ${who} asked${because}`
    case 'line open':
      return `the line is open, ${settings}`
    case 'line closed':
      return `the line is closed${because}`
    case 'line set':
      return by === undefined ? `the line was set to ${settings}` : `${by} set the line to ${settings}`
    case 'gap missing':
      return `${describeMissing(fields)} missing here${because}`
    case 'clock set':
      return `the clock was set by ${Number(fields.by_ms) / 1_000} s; the times above are corrected`
    case 'bridge started':
    case 'bridge stopped':
      return `the console bridge ${what}`
    case 'bridge continues':
      return undefined
    case 'transfer end':
      return `${who} transferred a file (${fields.as})${describeSize(fields)}: ${fields.how}`
    case 'note on':
      return `${who} left a note: ${fields.text}`
    case 'note off':
      return `${who} took the note off`
    case 'note on_leave':
      return 'the last operator left: what on_leave says was sent to the target'
    // Of another version of the bridge.
    default:
      return text
  }
}

/** Not known of a transfer in whose middle the bridge was killed. */
function describeSize({ bytes, seconds }: Partial<Record<string, string>>): string {
  return bytes === undefined ? '' : `, ${bytes} bytes in ${seconds} s`
}

function describeMissing({ bytes, events }: Partial<Record<string, string>>): string {
  if (bytes !== undefined) return `${bytes} bytes are`
  return events === undefined ? 'output may be' : `${events} events are`
}

function timeOf({ atMs, quality }: TranscriptRecord): string {
  const iso = new Date(atMs).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${quality === 'sync' ? 'Z' : '?'}`
}
