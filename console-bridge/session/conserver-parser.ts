/** Separates `^Ec` and the key after it from what a technician types. Nothing of a paste is taken for it. */
import { CONSERVER_KEYS } from './conserver-keys.ts'
import type { KeyParser, TypedEvent } from './escape-parser.ts'

const ESCAPE = 0x05
const COMMAND = 'c'
const RETURN = '\r'
/** `\ooo`: a character by three octal digits. */
const OCTAL = /^\\[0-7]{0,3}$/

/** The input may be cut anywhere. */
export class ConserverParser implements KeyParser {
  /** What may be the beginning of an escape: `^E`, `^Ec`, `^Ecl`, `^Ec\0`. */
  #begun = ''

  get hasLoneEscape(): boolean {
    return this.#begun.length === 1
  }

  flush(): TypedEvent[] {
    const bytes = Buffer.from(this.#begun, 'latin1')
    this.#begun = ''
    return bytes.length === 0 ? [] : [{ kind: 'bytes', bytes }]
  }

  feed(input: Buffer, isPaste: boolean): TypedEvent[] {
    if (isPaste) return [...this.flush(), { kind: 'bytes', bytes: input }]
    const events: TypedEvent[] = []
    for (const byte of input) this.#take(byte, events)
    return events
  }

  #take(byte: number, events: TypedEvent[]): void {
    const { length } = this.#begun
    if (length === 0) {
      if (byte === ESCAPE) this.#begun = String.fromCharCode(byte)
      else say(events, byte)
      return
    }
    const character = String.fromCharCode(byte)
    if (length === 1) {
      if (character === COMMAND) this.#begun += character
      else if (byte === ESCAPE) say(events, ESCAPE)
      else {
        this.#begun = ''
        say(events, ESCAPE, byte)
      }
      return
    }
    this.#begun += character
    const keys = this.#begun.slice(2)
    const found = CONSERVER_KEYS.find(key => key.keys === keys)
    if (!found && (CONSERVER_KEYS.some(key => key.keys.startsWith(keys)) || (OCTAL.test(keys) && keys.length < 4)))
      return
    this.#begun = ''
    if (found) events.push({ kind: 'command', command: found.command, ...(found.choice && { choice: found.choice }) })
    else if (OCTAL.test(keys)) say(events, Number.parseInt(keys.slice(1), 8) & 0xff)
    // Return: "continue, ignore the escape sequence".
    else if (keys !== RETURN) events.push({ kind: 'unknown' })
  }
}

/** Adds to the bytes before, if there are any. */
function say(events: TypedEvent[], ...bytes: number[]): void {
  const last = events.at(-1)
  const more = Buffer.from(bytes)
  if (last?.kind === 'bytes') last.bytes = Buffer.concat([last.bytes, more])
  else events.push({ kind: 'bytes', bytes: more })
}
