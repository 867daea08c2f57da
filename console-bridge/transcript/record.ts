/**
 * One line of a transcript: `TIME QUALITY KIND text`, ended by a newline; pure. docs/transcript.md describes it for people.
 *
 * - TIME is that of the first byte: ISO 8601, UTC, milliseconds.
 * - QUALITY is `sync` when the clock was known to be right, and `guess` before.
 * - KIND is `out` for output up to a line end, `part` for output that continues in the next record of output, or an event.
 * - the text of output is in output-text.ts; that of an event is a word and `key=value` fields, see {@link eventText}.
 */
import { EVENT_KINDS, type EventFields, type EventKind } from '../console/recorder.ts'

export type Quality = 'sync' | 'guess'
export type OutputKind = 'out' | 'part'

/** A line as it is in the file. */
export interface Line {
  /** Milliseconds since 1970, as the clock was when it was written. */
  writtenMs: number
  quality: Quality
  kind: OutputKind | EventKind
  /** A binary string: one character for each byte. */
  text: string
}

/** A line, its place, and its time as it is known now. */
export interface TranscriptRecord extends Line {
  /** Bytes of this transcript before this record, since it was begun: it never changes. */
  position: number
  /** The position of the next record. */
  next: number
  /** Milliseconds since 1970; corrected where the clock was set later in the same boot. */
  atMs: number
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (sync|guess) ([a-z]+) ([\s\S]*)$/

/** @param text a binary string */
export function lineText(writtenMs: number, quality: Quality, kind: Line['kind'], text: string): string {
  return `${headText(writtenMs, quality, kind)}${text}\n`
}

/** The beginning of a line, which all output of one millisecond has in common. */
export function headText(writtenMs: number, quality: Quality, kind: Line['kind']): string {
  return `${new Date(writtenMs).toISOString()} ${quality} ${kind} `
}

/** @param line without its newline @returns undefined for what is no record, such as half of one */
export function parseLine(line: string): Line | undefined {
  const [, time = '', quality, kind = '', text = ''] = LINE.exec(line) ?? []
  if (kind !== 'out' && kind !== 'part' && !Object.hasOwn(EVENT_KINDS, kind)) return undefined
  return { writtenMs: Date.parse(time), quality: quality as Quality, kind: kind as Line['kind'], text }
}

export function isOutput({ kind }: Line): boolean {
  return kind === 'out' || kind === 'part'
}

/** `begin id=3 by=alice`; a value with other characters than those of names and addresses is a JSON string in ASCII. */
export function eventText(what: string, fields: EventFields = {}): string {
  const parts = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${/^[\w.:/@+-]+$/.test(`${value}`) ? value : asciiString(`${value}`)}`],
  )
  return [what, ...parts].join(' ')
}

/** The reverse of {@link eventText}. What it does not understand is left out. */
export function parseEvent(text: string): { what: string; fields: Partial<Record<string, string>> } {
  const [what = ''] = /^\S*/.exec(text) ?? []
  const fields = Object.fromEntries(
    [...text.matchAll(/ ([a-z_]+)=("(?:[^"\\]|\\.)*"|[\w.:/@+-]+)/g)].map(([, key, value = '']) => [
      key,
      value.startsWith('"') ? unquoted(value) : value,
    ]),
  )
  return { what, fields }
}

function asciiString(value: string): string {
  return JSON.stringify(value).replace(/[^ -~]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}
