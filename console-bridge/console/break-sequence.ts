/** A BREAK and what follows it at once, or what some equipment takes in place of a BREAK. */
import { BREAK_SEQUENCES, type BreakSequenceName } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import { answered } from '../line/break-line.ts'
import type { Line } from '../line/line.ts'

export interface BreakSequence {
  /** As people are told: `BREAK`, `BREAK and SysRq h`. */
  what: string
  isBreak: boolean
  /** Sent after the BREAK; nothing that anybody types comes between. */
  after: Buffer
}

export const PLAIN_BREAK: BreakSequence = { what: 'BREAK', isBreak: true, after: Buffer.alloc(0) }

/** Milliseconds between two writes to a line without room. */
const RETRY_MS = 20

export function namedSequence(name: BreakSequenceName): BreakSequence {
  const { isBreak, after } = BREAK_SEQUENCES[name]
  return { what: isBreak ? 'BREAK' : `the sequence ${name} (no BREAK)`, isBreak, after: Buffer.from(after) }
}

/** As typed after a question: a name, or the key of SysRq. */
export function sequenceOf(typed: string): BreakSequence | undefined {
  if (Object.hasOwn(BREAK_SEQUENCES, typed)) return namedSequence(typed as BreakSequenceName)
  return /^[0-9a-zA-Z?]$/.test(typed) ? sysrq(typed) : undefined
}

/** Linux takes the key for 5 s after a BREAK on its console (sysrq.rst, "How do I use the magic SysRq key"). */
export function sysrq(key: string): BreakSequence {
  return { what: `BREAK and SysRq ${key}`, isBreak: true, after: Buffer.from(key) }
}

/** `\r` and `\xNN` are read as in C: a shell and ssh pass no such byte on unharmed. */
export function breakThen(text: string): BreakSequence {
  const plain = text
    .replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\\r', '\r')
  return { what: `BREAK and "${text}"`, isBreak: true, after: Buffer.from(plain, 'latin1') }
}

/** @throws when the line is gone, or does not take it */
export async function writeAll(line: Line, bytes: Buffer, clock: Clock): Promise<void> {
  const over = new AbortController()
  const write = async () => {
    for (let rest = bytes; rest.length > 0 && !over.signal.aborted; ) {
      rest = rest.subarray(line.write(rest))
      if (rest.length > 0) await clock.sleep(RETRY_MS, over.signal)
    }
  }
  await answered(write(), clock).finally(() => over.abort())
}
