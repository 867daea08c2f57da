/** The simulated router's line editing: typed bytes → what it echoes and what the person asked for. */

export interface EditedLine {
  /** Typed so far, printable ASCII. */
  readonly text: string
  /** What the bytes before belong to: a return that a line feed may follow, or an arrow key's sequence. */
  readonly after: 'nothing' | 'return' | 'escape' | 'escape-sequence'
}

/** What a key asks for, beyond changing the line. */
export type Request = 'enter' | 'help' | 'complete' | 'interrupt' | 'end'

export interface Keystroke {
  line: EditedLine
  echo: string
  request?: Request
}

export const EMPTY_LINE: EditedLine = { text: '', after: 'nothing' }

const LONGEST = 200
const BELL = '\x07'
const ERASE = '\b \b'
const REQUESTS: Record<number, Request> = {
  13: 'enter',
  10: 'enter',
  63: 'help',
  9: 'complete',
  3: 'interrupt',
  26: 'end',
}

/** One byte from the terminal. A request leaves the line as it is: who acts on it also clears it. */
export function keystroke({ text, after }: EditedLine, byte: number): Keystroke {
  if (after === 'escape')
    return { line: { text, after: byte === 0x5b || byte === 0x4f ? 'escape-sequence' : 'nothing' }, echo: '' }
  if (after === 'escape-sequence') return { line: { text, after: byte >= 0x40 ? 'nothing' : after }, echo: '' }
  // Terminals send CR, LF or both for one press of Enter.
  if (byte === 0x0a && after === 'return') return { line: { text, after: 'nothing' }, echo: '' }
  const request = REQUESTS[byte]
  if (request) return { line: { text, after: byte === 0x0d ? 'return' : 'nothing' }, echo: '', request }
  if (byte === 0x1b) return { line: { text, after: 'escape' }, echo: '' }
  return edit(text, byte)
}

function edit(text: string, byte: number): Keystroke {
  const erase = (count: number) => ({
    line: { text: text.slice(0, text.length - count), after: 'nothing' } as const,
    echo: ERASE.repeat(count),
  })
  if (byte === 0x08 || byte === 0x7f) return erase(Math.min(1, text.length))
  if (byte === 0x15) return erase(text.length)
  if (byte === 0x17) return erase(text.length - text.replace(/\S+\s*$/, '').length)
  if (byte < 0x20 || byte > 0x7e) return { line: { text, after: 'nothing' }, echo: '' }
  if (text.length >= LONGEST) return { line: { text, after: 'nothing' }, echo: BELL }
  const typed = String.fromCharCode(byte)
  return { line: { text: text + typed, after: 'nothing' }, echo: typed }
}
