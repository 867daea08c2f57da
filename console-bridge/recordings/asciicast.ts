/**
 * A recording as an asciicast v2 file: https://docs.asciinema.org/manual/asciicast/v2 ; pure. Events `o` (output), `r` (the
 * terminal has another size) and `m` (a marker: take-over, BREAK, end). Input is not recorded, so there is no `i`.
 */
import { sizeText, type TerminalSize } from '../console/terminal-size.ts'
import type { Recorded } from './recorded.ts'

export interface CastOptions {
  title: string
  /** When the session had no terminal, or did not know its size: 80x24. */
  size: TerminalSize | undefined
  /** Said in a marker at the beginning. */
  note?: string
}

export const SIZE_UNKNOWN: TerminalSize = { columns: 80, rows: 24 }

/** @returns lines with their newlines; none at all when there is nothing */
export async function* castOf(recorded: AsyncIterable<Recorded>, options: CastOptions): AsyncGenerator<string> {
  // A file is UTF-8 (JSON); bytes that are not become U+FFFD. Characters may be divided between two events.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let beganMs: number | undefined
  let atS = 0
  for await (const event of recorded) {
    if (beganMs === undefined) {
      beganMs = event.atMs
      yield header(beganMs, options)
      if (options.note !== undefined) yield line(0, 'm', options.note)
    }
    atS = (event.atMs - beganMs) / 1000
    if (event.kind === 'output') {
      const text = decoder.decode(event.bytes, { stream: true })
      if (text !== '') yield line(atS, 'o', text)
    } else if (event.kind === 'size') yield line(atS, 'r', sizeText(event.size))
    else if (event.kind === 'mark') yield line(atS, 'm', event.text)
  }
  const rest = decoder.decode()
  if (rest !== '') yield line(atS, 'o', rest)
}

/** JSON of one line. Escaped, so that a terminal which shows the file obeys nothing in it: JSON itself allows C1 controls. */
function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${escaped}\n`
}

function header(beganMs: number, { title, size = SIZE_UNKNOWN }: CastOptions): string {
  const { columns: width, rows: height } = size
  return jsonLine({ version: 2, width, height, timestamp: Math.floor(beganMs / 1000), title })
}

function line(atS: number, code: 'o' | 'r' | 'm', data: string): string {
  return jsonLine([atS, code, data])
}
