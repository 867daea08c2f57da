/** The records of a transcript that belong to one session, as what a player shows; pure. */
import { parseSize, type TerminalSize } from '../console/terminal-size.ts'
import { chunksOf } from '../transcript/output-text.ts'
import { isOutput, parseEvent, type TranscriptRecord } from '../transcript/record.ts'

/** With milliseconds since 1970, which never go back. */
export type Recorded = { atMs: number } & (
  | { kind: 'begin' }
  | { kind: 'output'; bytes: Buffer }
  | { kind: 'size'; size: TerminalSize }
  | /** Something happened, in words. */ { kind: 'mark'; text: string }
)

export interface Which {
  /** Of the session. */
  id: number
  /** The session's beginning is not in the transcript any more, or not for this reader: the first record counts as it. */
  isBegun: boolean
}

/** @param records from the session's position on; nothing is read past its end */
export async function* recordedOf(
  records: AsyncIterable<TranscriptRecord>,
  { id, isBegun }: Which,
): AsyncGenerator<Recorded> {
  let latestMs = Number.NEGATIVE_INFINITY
  let isInside = false
  for await (const record of records) {
    const event = isOutput(record) ? undefined : parseEvent(record.text)
    const isOwn = record.kind === 'session' && event?.fields.id === `${id}`
    if (!isInside && !isBegun && !(isOwn && event?.what === 'begin')) continue
    // A clock that is set back must not make the player wait for ever, nor go back.
    const at = (ms: number) => {
      latestMs = Math.max(latestMs, ms)
      return latestMs
    }
    if (!isInside) {
      isInside = true
      yield { kind: 'begin', atMs: at(record.atMs) }
    }
    if (!event) {
      let chunkMs = record.atMs
      for (const { afterMs, bytes } of chunksOf(record.text)) {
        chunkMs += afterMs
        yield { kind: 'output', atMs: at(chunkMs), bytes }
      }
      continue
    }
    const { what, fields } = event
    if (record.kind === 'bridge' && what === 'started') return
    if (isOwn && what === 'size') {
      const size = parseSize(fields.size)
      if (size) yield { kind: 'size', atMs: at(record.atMs), size }
      continue
    }
    const text = isOwn && what === 'begin' ? undefined : markOf(record.kind, what, fields, isOwn)
    if (text !== undefined) yield { kind: 'mark', atMs: at(record.atMs), text }
    if (isOwn && what === 'end') return
  }
}

/** @returns undefined for what is of no use to a person who watches */
function markOf(
  kind: TranscriptRecord['kind'],
  what: string,
  { by = '?', as, from, how, ms, cause, settings }: Partial<Record<string, string>>,
  isOwn: boolean,
): string | undefined {
  switch (`${kind} ${what}`) {
    case 'session begin':
      return `${by} joined`
    case 'session end':
      return isOwn ? `end: ${by} ${how ?? 'left'}` : `${by} left`
    case 'keyboard taken':
      return `${by} took over typing${from === undefined ? '' : ` from ${from}`}`
    case 'keyboard free':
      return `${by} types`
    case 'break sent':
      return `${by} sent BREAK${ms === undefined ? '' : `, ${ms} ms`}`
    case 'break failed':
      return `BREAK by ${by} was not sent${cause === undefined ? '' : `: ${cause}`}`
    case 'line open':
      return `the line is open${settings === undefined ? '' : `: ${settings}`}`
    case 'line closed':
      return `the line is closed${cause === undefined ? '' : `: ${cause}`}`
    case 'gap missing':
      return `output is missing here${cause === undefined ? '' : `: ${cause}`}`
    case 'transfer end':
      return `${by} transferred a file${as === undefined ? '' : ` (${as})`}${how === undefined ? '' : `: ${how}`}`
    default:
      return undefined
  }
}
