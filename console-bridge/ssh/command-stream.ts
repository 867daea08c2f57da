/** A channel as an exec command reads and writes it. */

import { controllerUnder } from '../../runtime/waiting.ts'
import type { CommandStream } from '../commands/command.ts'
import type { ChannelTerminal } from './channel-terminal.ts'

/** Bytes of input that may wait for the command. */
const INPUT_BOUND_BYTES = 65_536
const CTRL_C = 3

/**
 * Reads at once, so that the end of the client is seen.
 * @param readsInput false: input is dropped
 * @param signal the end of the program
 */
export function commandStream(
  terminal: ChannelTerminal,
  readsInput: boolean,
  signal: AbortSignal,
): CommandStream & { end(): void } {
  const { interactive } = terminal
  const over = controllerUnder(terminal.gone, signal)
  const input = new InputQueue(terminal, over.signal)
  const text = (lines: readonly string[]) => lines.map(line => line + (interactive ? '\r\n' : '\n')).join('')
  terminal.listen({
    onTyped: bytes => {
      // A terminal in raw mode, as ssh sets it, makes no signal of the key.
      if (interactive && bytes.includes(CTRL_C)) over.abort()
      else if (readsInput) input.push(bytes)
    },
    onLastSent: () => {},
    onEnd: () => input.end(),
  })
  return {
    interactive,
    gone: over.signal,
    input,
    write: bytes => terminal.write(bytes),
    print: async (...lines) => {
      if (lines.length > 0) await terminal.write(Buffer.from(text(lines)))
    },
    complain: (...lines) => terminal.note(text(lines)),
    end: () => over.release(),
  }
}

class InputQueue implements AsyncIterable<Buffer> {
  readonly #terminal: Pick<ChannelTerminal, 'pause' | 'resume'>
  readonly #gone: AbortSignal
  #chunks: Buffer[] = []
  #bytes = 0
  #hasEnded = false
  #wake: () => void = () => {}

  constructor(terminal: Pick<ChannelTerminal, 'pause' | 'resume'>, gone: AbortSignal) {
    this.#terminal = terminal
    this.#gone = gone
    gone.addEventListener('abort', () => this.#wake(), { once: true })
  }

  push(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= INPUT_BOUND_BYTES) this.#terminal.pause()
    this.#wake()
  }

  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (!this.#gone.aborted) {
      const chunks = this.#chunks
      this.#chunks = []
      this.#bytes = 0
      this.#terminal.resume()
      yield* chunks
      if (this.#chunks.length > 0 || this.#gone.aborted) continue
      if (this.#hasEnded) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
