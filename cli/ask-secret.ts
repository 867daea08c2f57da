/** Reads secrets from a terminal, without showing them, or from a pipe. */
import { EXIT, UserError } from '../runtime/errors.ts'

export interface SecretReader {
  /**
   * One line.
   * @throws UserError when it was cancelled, or the input ended
   */
  ask(prompt: string): Promise<string>
  close(): void
}

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\x03', '\x04', '\b', '\x7f']

/** @param input a terminal shows nothing until the reader is closed */
export function secretReader(input: NodeJS.ReadStream, output: NodeJS.WritableStream): SecretReader {
  const wasRaw = input.isTTY && input.isRaw
  let typed: string[] = []
  let ended = false
  let wake = () => {}
  const onData = (text: string) => {
    typed.push(...text)
    wake()
  }
  const onEnd = () => {
    ended = true
    wake()
  }
  if (input.isTTY) input.setRawMode(true)
  input.setEncoding('utf8').on('data', onData).on('end', onEnd)

  async function nextCharacter(): Promise<string | undefined> {
    while (typed.length === 0 && !ended) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    return typed.shift()
  }

  async function readLine(): Promise<string> {
    let line: string[] = []
    for (;;) {
      const character = await nextCharacter()
      if (character === '\r' || character === '\n') return line.join('')
      if (character === undefined && line.length > 0) return line.join('')
      if (character === undefined || character === CTRL_C || (character === CTRL_D && input.isTTY)) {
        throw new UserError('cancelled; nothing was changed', EXIT.failed)
      }
      if (character === BACKSPACE || character === DELETE) line = line.slice(0, -1)
      else line.push(character)
    }
  }

  return {
    ask: async prompt => {
      output.write(prompt)
      try {
        return await readLine()
      } finally {
        output.write('\n')
      }
    },
    close: () => {
      input.off('data', onData).off('end', onEnd).pause()
      if (input.isTTY) input.setRawMode(wasRaw === true)
      typed = []
    },
  }
}
