/** Separates the escape key and the key after it from what a technician types. */

export type EscapeCommand = 'help' | 'break' | 'take-over' | 'release' | 'disconnect'

export type TypedEvent =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'command'; command: EscapeCommand }
  /** The escape key, then an unknown key: neither is sent. */
  | { kind: 'unknown' }

/** Keys after the escape key. The help and the list in docs/console.md come from this. */
export const ESCAPE_KEYS: Readonly<Record<string, { command: EscapeCommand; does: string }>> = {
  '?': { command: 'help', does: 'show this help' },
  b: { command: 'break', does: 'send a BREAK' },
  w: { command: 'take-over', does: 'take over typing' },
  r: { command: 'release', does: 'release the line where flow control holds it' },
  d: { command: 'disconnect', does: 'disconnect' },
  '.': { command: 'disconnect', does: 'disconnect' },
}

/** The first key of a command, as messages name it. */
export function escapeKeyOf(command: EscapeCommand): string {
  return Object.keys(ESCAPE_KEYS).find(key => ESCAPE_KEYS[key]?.command === command) ?? ''
}

/** `ctrl-]` → 0x1d: Ctrl clears all but the low five bits of a key (ASCII). */
export function escapeByteOf(key: string): number {
  return key.toUpperCase().charCodeAt('ctrl-'.length) & 0x1f
}

/** `ctrl-]` → `Ctrl-]`, as people read it. */
export function escapeNameOf(key: string): string {
  return `Ctrl-${key.slice('ctrl-'.length).toUpperCase()}`
}

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
  const key = String.fromCharCode(byte).toLowerCase()
  const found = Object.hasOwn(ESCAPE_KEYS, key) ? ESCAPE_KEYS[key] : undefined
  return found ? { kind: 'command', command: found.command } : { kind: 'unknown' }
}
