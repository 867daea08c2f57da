/** Separates the escape key and the key after it from what a technician types. */
import { type EscapeCommand, escapeCommandOf } from './escape-menu.ts'

export type TypedEvent =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'command'; command: EscapeCommand }
  /** The escape key, then an unknown key: neither is sent. */
  | { kind: 'unknown' }

/** The input may be cut anywhere. */
export class EscapeParser {
  readonly #escapeByte: number
  #escaped = false

  /** @param escapeByte the byte of the escape key */
  constructor(escapeByte: number) {
    this.#escapeByte = escapeByte
  }

  feed(input: Buffer): TypedEvent[] {
    const events: TypedEvent[] = []
    let plainFrom = 0
    const flush = (end: number) => {
      if (end > plainFrom) events.push({ kind: 'bytes', bytes: input.subarray(plainFrom, end) })
    }
    for (const [at, byte] of input.entries()) {
      if (this.#escaped) {
        this.#escaped = false
        plainFrom = at + 1
        // Twice sends it: this second one is plain.
        if (byte === this.#escapeByte) plainFrom = at
        else events.push(commandOf(byte))
      } else if (byte === this.#escapeByte) {
        flush(at)
        plainFrom = at + 1
        this.#escaped = true
      }
    }
    flush(input.length)
    return events
  }
}

function commandOf(byte: number): TypedEvent {
  const command = escapeCommandOf(String.fromCharCode(byte))
  return command === undefined ? { kind: 'unknown' } : { kind: 'command', command }
}
