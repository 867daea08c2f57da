/** What `run` prints: the answers as text, or a JSON object for each line. */
import { StringDecoder } from 'node:string_decoder'
import type { ExecOutputs } from '../../formats/exec-outputs.ts'
import type { LineEnd } from './run-line.ts'

interface Output {
  write(bytes: Buffer): Promise<void>
}

export interface Report {
  begin(command: string): Promise<void>
  /** One byte a character, lines with LF. */
  text(text: string): Promise<void>
  end(end: LineEnd): Promise<void>
}

/** @param interactive the client has a terminal in raw mode */
export function textReport({ write }: Output, interactive: boolean): Report {
  return {
    begin: async () => {},
    text: text => write(Buffer.from(interactive ? text.replaceAll('\n', '\r\n') : text, 'latin1')),
    end: async () => {},
  }
}

/** Written as the answer comes: it may be longer than the memory. */
export function jsonReport({ write }: Output): Report {
  let decoder = new StringDecoder('utf8')
  const print = async (text: string) => {
    if (text !== '') await write(Buffer.from(text))
  }
  const inside = (text: string) => JSON.stringify(text).slice(1, -1)
  return {
    begin: command => {
      decoder = new StringDecoder('utf8')
      return print(`{"command":${JSON.stringify(command)},"output":"`)
    },
    text: text => print(inside(decoder.write(Buffer.from(text, 'latin1')))),
    end: ({ prompt, reason, exitCode, ms }) => {
      const rest: Omit<ExecOutputs['run'], 'command' | 'output'> = {
        prompt,
        reason,
        exit: exitCode,
        seconds: Math.round(ms / 10) / 100,
      }
      return print(`${inside(decoder.end())}",${JSON.stringify(rest).slice(1)}\n`)
    },
  }
}
