/** Asks a technician for one line of text, in the middle of their session. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder } from '../../runtime/waiting.ts'
import { LinePrompt } from './line-prompt.ts'
import type { View } from './view.ts'

/** Milliseconds without a key after which a question is given up: the target's output waits for it. */
const UNANSWERED_MS = 60_000

/** Bytes that are kept for the next question: a few short answers. */
const AHEAD_BYTES = 1_024

export interface QuestionsOptions {
  view: View
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
  /** So many bytes came in one piece with the answer, after it: a paste, which was not meant for the target. */
  onRest(bytes: number): void
}

interface Open {
  prompt: LinePrompt
  keys: number
  settle(line: string | undefined): void
}

export class Questions {
  readonly #options: QuestionsOptions
  #open: Open | undefined
  /** Dialogs of several questions that are going on. */
  #dialogs = 0
  /** What was typed between two questions of a dialog: it answers the next one. */
  #ahead = Buffer.alloc(0)

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /** What is typed belongs to a question. */
  get isOpen(): boolean {
    return this.#open !== undefined || this.#dialogs > 0
  }

  /** Nothing that is typed until the end of this work reaches the target, also where a question needs a moment to appear. */
  async dialog<T>(work: () => Promise<T>): Promise<T> {
    this.#dialogs++
    try {
      return await work()
    } finally {
      this.#dialogs--
      const rest = this.#takeAhead().length
      if (rest > 0) this.#options.onRest(rest)
    }
  }

  /** @returns undefined when it was cancelled, or not answered in time; another question cancels it */
  ask(question: string, enter = 'Enter sends it', lines: readonly string[] = []): Promise<string | undefined> {
    this.cancel()
    const { view, over } = this.#options
    const answered = controllerUnder(over)
    return new Promise(resolve => {
      const open: Open = {
        prompt: new LinePrompt(),
        keys: 0,
        settle: line => {
          if (this.#open !== open) return
          this.#open = undefined
          answered.abort()
          answered.release()
          view.answered()
          if (line === undefined) view.tell('cancelled; nothing was sent')
          resolve(line)
        },
      }
      this.#open = open
      view.ask(`${question}; ${enter}, Esc cancels:`, lines)
      void this.#giveUp(open, answered.signal)
      const ahead = this.#takeAhead()
      if (ahead.length > 0) this.typed(ahead)
    })
  }

  typed(bytes: Buffer): void {
    const open = this.#open
    if (!open) {
      this.#ahead = Buffer.concat([this.#ahead, bytes]).subarray(0, AHEAD_BYTES)
      return
    }
    open.keys++
    const result = open.prompt.feed(bytes)
    if (result.echo !== '') this.#options.view.echo(result.echo)
    if (result.kind === 'more') return
    open.settle(result.kind === 'done' ? result.line : undefined)
    if (result.rest === 0) return
    if (this.#dialogs > 0) this.#ahead = Buffer.from(bytes.subarray(-result.rest)).subarray(0, AHEAD_BYTES)
    else this.#options.onRest(result.rest)
  }

  cancel(): void {
    this.#open?.settle(undefined)
  }

  #takeAhead(): Buffer {
    const ahead = this.#ahead
    this.#ahead = Buffer.alloc(0)
    return ahead
  }

  async #giveUp(open: Open, answered: AbortSignal): Promise<void> {
    for (let keys = -1; keys !== open.keys && !answered.aborted; ) {
      keys = open.keys
      await this.#options.clock.sleep(UNANSWERED_MS, answered)
    }
    open.settle(undefined)
  }
}
