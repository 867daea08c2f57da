/** Separates the escape key and the key after it from what a technician types. */
import { type EscapeCommand, escapeCommandOf } from './escape-menu.ts'

export type TypedEvent =
  | { kind: 'bytes'; bytes: Buffer }
  /** `choice`: what it would ask for, or does otherwise. */
  | { kind: 'command'; command: EscapeCommand; choice?: string }
  /** The escape key, then an unknown key: neither is sent. */
  | { kind: 'unknown' }

export interface KeyParser {
  /** @param isPaste these bytes were not typed key by key */
  feed(input: Buffer, isPaste: boolean): TypedEvent[]
  /** An escape key waits that may be a character like others: {@link flush} it after a moment. */
  readonly hasLoneEscape: boolean
  /** Gives up what may be the beginning of an escape. */
  flush(): TypedEvent[]
}

/** The input may be cut anywhere. */
export class EscapeParser implements KeyParser {
  readonly hasLoneEscape = false
  readonly #escapeByte: number
  #escaped = false

  /** @param escapeByte the byte of the escape key */
  constructor(escapeByte: number) {
    this.#escapeByte = escapeByte
  }

  /** The escape key twice sends it, and nothing waits. */
  flush(): TypedEvent[] {
    return []
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
