/** Takes the escape key and what follows it out of what a technician types. */

export type EscapeCommand = 'help' | 'break' | 'take-over' | 'release' | 'disconnect'

export type TypedEvent =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'command'; command: EscapeCommand }
  /** The escape key, then a key that means nothing: nothing of it is sent. */
  | { kind: 'unknown' }

/** Key after the escape key → what it does. The help text is made from this. */
export const ESCAPE_KEYS: Readonly<Record<string, { command: EscapeCommand; does: string }>> = {
  '?': { command: 'help', does: 'this help' },
  b: { command: 'break', does: 'send a BREAK' },
  w: { command: 'take-over', does: 'take over typing from whoever has it' },
  r: { command: 'release', does: 'let go on what flow control holds' },
  d: { command: 'disconnect', does: 'disconnect' },
  '.': { command: 'disconnect', does: 'disconnect' },
}

/** `ctrl-]` → 0x1d: Ctrl clears all but the low five bits of a key (ASCII). */
export function escapeByteOf(key: string): number {
  return key.toUpperCase().charCodeAt('ctrl-'.length) & 0x1f
}

/** `ctrl-]` → `Ctrl-]`, as it is told to people. */
export function escapeNameOf(key: string): string {
  return `Ctrl-${key.slice('ctrl-'.length).toUpperCase()}`
}

/** Fed with what comes, however it is cut. */
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
  const key = String.fromCharCode(byte).toLowerCase()
  const found = Object.hasOwn(ESCAPE_KEYS, key) ? ESCAPE_KEYS[key] : undefined
  return found ? { kind: 'command', command: found.command } : { kind: 'unknown' }
}
