/** What one technician sees: what the target says, lines of ours between, at the pace of the terminal. */
import type { Scrollback } from '../console/scrollback.ts'
import type { Terminal } from './terminal.ts'

/** Bytes at a time: what a slow reader may still get after it fell behind. */
const CHUNK_BYTES = 16_384
/** Notices that wait for a slow reader; the oldest go first. */
const NOTICES_BOUND = 50

export class View {
  readonly #scrollback: Scrollback
  readonly #terminal: Terminal
  readonly #notices: string[] = []
  #wake: () => void = () => {}
  #lineStarted = true

  constructor(scrollback: Scrollback, terminal: Terminal) {
    this.#scrollback = scrollback
    this.#terminal = terminal
  }

  /** Has a line of ours shown, as soon as those before are. */
  tell(...texts: string[]): void {
    this.#notices.push(...texts)
    if (this.#notices.length > NOTICES_BOUND) this.#notices.splice(0, this.#notices.length - NOTICES_BOUND)
    this.#wake()
  }

  /** The target has said something. */
  wake(): void {
    this.#wake()
  }

  /** Shows all that comes, until it is over. */
  async show(fromPosition: number, over: AbortSignal): Promise<void> {
    const wake = () => this.#wake()
    over.addEventListener('abort', wake)
    try {
      let position = fromPosition
      while (!over.aborted) {
        await this.showNotices()
        const { bytes, missedBytes, next } = this.#scrollback.read(position, CHUNK_BYTES)
        position = next
        if (missedBytes > 0) await this.#note(`this connection was too slow: ${missedBytes} bytes are missing here`)
        if (bytes.length > 0) {
          this.#lineStarted = bytes.at(-1) === 0x0a
          await this.#terminal.write(bytes)
        } else if (this.#notices.length === 0 && !over.aborted) {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      over.removeEventListener('abort', wake)
    }
  }

  async showNotices(): Promise<void> {
    for (let text = this.#notices.shift(); text !== undefined; text = this.#notices.shift()) await this.#note(text)
  }

  /** A line of ours is a line of its own, wherever the target's output stands. */
  async #note(text: string): Promise<void> {
    if (!this.#terminal.interactive) return this.#terminal.note(`[oobm: ${text}]\n`)
    const before = this.#lineStarted ? '' : '\r\n'
    this.#lineStarted = true
    await this.#terminal.note(`${before}[oobm: ${text}]\r\n`)
  }
}
