/** What one technician sees: the target's output and the bridge's notices, at the pace of the terminal. */
import type { Scrollback } from '../console/scrollback.ts'
import { PlainText } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

/** Bytes before a replay that are parsed, so that it does not begin inside a sequence. */
const CONTEXT_BYTES = 16_384
/** Bytes at a time: a slow reader may still get so many after it fell behind. */
const CHUNK_BYTES = 16_384
/** Notices that wait for a slow reader; beyond that the oldest are dropped. */
const NOTICES_BOUND = 50
/** Characters of a line that is shown in place: on a terminal of 80 columns it must not break. */
const IN_PLACE_WIDTH = 79

/** One line of the bridge, or a block of lines as they are. */
type Notice = string | readonly string[]

export class View {
  readonly #scrollback: Scrollback
  readonly #terminal: Terminal
  readonly #notices: Notice[] = []
  /** What is told meanwhile is shown later; undefined while it is shown at once. */
  #held: Notice[] | undefined
  /** Waits for the end of a line of the target. */
  #progress: string | undefined
  #wake: () => void = () => {}
  #lineStarted = true
  #missedBytes = 0
  /** What was written to the terminal. */
  #shownUpTo = 0
  #isAsking = false
  /** Characters of the line that {@link tellInPlace} showed last; 0 when the cursor is not at its end. */
  #inPlace = 0
  #isWriting = false

  constructor(scrollback: Scrollback, terminal: Terminal) {
    this.#scrollback = scrollback
    this.#terminal = terminal
  }

  /** Bytes of output for which this terminal was too slow. */
  get missedBytes(): number {
    return this.#missedBytes
  }

  /** The position up to which the output was written to the terminal. */
  get shownUpTo(): number {
    return this.#shownUpTo
  }

  /** Queues notices, each a line. */
  tell(...texts: string[]): void {
    this.#queue(...texts)
  }

  /** Queues a block of lines, which are shown as they are, with nothing in between. */
  print(lines: readonly string[]): void {
    this.#queue(lines)
  }

  #queue(...more: Notice[]): void {
    const notices = this.#held ?? this.#notices
    notices.push(...more)
    if (notices.length > NOTICES_BOUND) notices.splice(0, notices.length - NOTICES_BOUND)
    this.#wake()
  }

  /** From now on, nothing is shown but output, until {@link release}. */
  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#queue(...held)
  }

  /** Shows a line once the target's own line is complete, or when there is a newer one. */
  tellProgress(text: string): void {
    if (this.#lineStarted || this.#progress !== undefined) this.tell(text)
    this.#progress = this.#lineStarted || this.#progress !== undefined ? undefined : text
  }

  /**
   * Shows a question for which everything else waits.
   * @param text without an end of line @param lines are shown before it, as they are
   */
  ask(text: string, lines: readonly string[] = []): void {
    this.#isAsking = true
    const before = this.#lineStarted ? '' : '\r\n'
    this.#lineStarted = true
    this.#inPlace = 0
    void this.#terminal.note(`${before}${lines.map(line => `${line}\r\n`).join('')}[oobm: ${text}] `)
  }

  /** Shows a line over the one that this showed last, while nothing else is shown and the terminal keeps up. */
  async tellInPlace(text: string): Promise<void> {
    const isBusy = this.#isAsking || this.#held || this.#notices.length > 0 || this.#isWriting
    if (isBusy || !this.#terminal.interactive) return
    const line = `[oobm: ${text}]`.slice(0, IN_PLACE_WIDTH)
    const before = this.#inPlace > 0 ? '\r' : this.#lineStarted ? '' : '\r\n'
    const rest = ' '.repeat(Math.max(0, this.#inPlace - line.length))
    this.#inPlace = line.length
    this.#lineStarted = false
    this.#isWriting = true
    await this.#terminal.note(before + line + rest)
    this.#isWriting = false
  }

  /** While asking: shows what is typed as the answer. */
  echo(text: string): void {
    void this.#terminal.note(text)
  }

  /** The question is answered: everything goes on. */
  answered(): void {
    this.#isAsking = false
    void this.#terminal.note('\r\n')
    this.#wake()
  }

  /** There is more output. */
  wake(): void {
    this.#wake()
  }

  /**
   * Shows past output since `replayFrom` as text, and new output unchanged, until aborted.
   * @param replayFrom a position of the scrollback; its end for no replay
   * @param before text of what was said before that
   */
  async show(replayFrom: number, over: AbortSignal, before?: Buffer): Promise<void> {
    const wake = () => this.#wake()
    over.addEventListener('abort', wake)
    this.#shownUpTo = replayFrom
    try {
      let position = this.#scrollback.end
      const replay = this.#past(replayFrom, position)
      const text = before ? Buffer.concat([before, replay.text]) : replay.text
      let { past } = replay
      await this.showNotices()
      if (text.length > 0) {
        this.#lineStarted = text.at(-1) === 0x0a
        // Without a pty, standard output is for new output only.
        await (this.#terminal.interactive ? this.#terminal.write(text) : this.#terminal.note(text))
      }
      this.#shownUpTo = position
      while (!over.aborted) {
        if (this.#isAsking) {
          await this.#woken()
          continue
        }
        await this.showNotices()
        const { bytes, missedBytes, next } = this.#scrollback.read(position, CHUNK_BYTES)
        position = next
        if (missedBytes > 0) {
          this.#missedBytes += missedBytes
          // The next byte may be in the middle of a sequence.
          past = new PlainText(false)
          const gap = `${missedBytes} bytes are missing here: this connection was too slow`
          if (this.#held) this.tell(gap)
          else await this.#note(gap)
        }
        if (bytes.length > 0) {
          const shown = past.finish(bytes)
          await this.#showAround(shown)
          this.#shownUpTo = position
        } else if (this.#notices.length === 0 && !over.aborted) {
          await this.#woken()
        }
      }
    } finally {
      over.removeEventListener('abort', wake)
    }
  }

  #past(from: number, to: number): { text: Buffer; past: PlainText } {
    const contextFrom = Math.max(this.#scrollback.start, from - CONTEXT_BYTES)
    const past = new PlainText(contextFrom === 0)
    past.feed(this.#scrollback.read(contextFrom, from - contextFrom).bytes)
    return { text: past.feed(this.#scrollback.read(from, to - from).bytes), past }
  }

  /** Shows output, and the progress that waits for the end of a line in it. */
  async #showAround(output: Buffer): Promise<void> {
    if (this.#inPlace > 0) await this.#terminal.write(Buffer.from('\r\n'))
    this.#inPlace = 0
    const end = this.#progress === undefined ? 0 : output.lastIndexOf(0x0a) + 1
    if (end > 0) {
      await this.#terminal.write(output.subarray(0, end))
      this.#lineStarted = true
      await this.#note(this.#progress ?? '')
      this.#progress = undefined
    }
    const rest = output.subarray(end)
    if (rest.length > 0) this.#lineStarted = rest.at(-1) === 0x0a
    await this.#terminal.write(rest)
  }

  #woken(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  async showNotices(): Promise<void> {
    while (!this.#isAsking) {
      const notice = this.#notices.shift()
      if (notice === undefined) return
      await this.#note(notice)
    }
  }

  /** A notice begins a new line when the output is in the middle of one. */
  async #note(notice: Notice): Promise<void> {
    const lines = typeof notice === 'string' ? [`[oobm: ${notice}]`] : notice
    if (!this.#terminal.interactive) return this.#terminal.note(lines.map(line => `${line}\n`).join(''))
    const before = this.#lineStarted ? '' : '\r\n'
    this.#lineStarted = true
    this.#inPlace = 0
    await this.#terminal.note(before + lines.map(line => `${line}\r\n`).join(''))
  }
}
