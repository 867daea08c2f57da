/** The end of a session: asked for here by whatever ends it, and from here on told how it came. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { HowEnded } from '../console/seat.ts'
import { SESSION_EXIT, type SessionExit } from './exit-codes.ts'
import { LOST, type Terminal } from './terminal.ts'

/** Milliseconds in which a living connection answers, also over a bad mobile line. */
const ANSWER_MS = 5_000

interface EndingOptions {
  terminal: Terminal
  clock: Clock
  /** The end of the program. */
  stopping: AbortSignal
}

export class Ending {
  /** The session is over: somebody asked for that here, the terminal is gone, or the program ends. */
  readonly over: AbortSignal
  readonly #options: EndingOptions
  readonly #asked = new AbortController()
  #isDismissed = false
  #isUnanswered = false
  #exitCode: SessionExit = SESSION_EXIT.ok

  constructor(options: EndingOptions) {
    this.#options = options
    this.over = AbortSignal.any([options.stopping, options.terminal.gone, this.#asked.signal])
  }

  /** Somebody asked for it here. */
  get isAsked(): boolean {
    return this.#asked.signal.aborted
  }

  get exitCode(): SessionExit {
    return this.#options.stopping.aborted ? SESSION_EXIT.unavailable : this.#exitCode
  }

  /** The first one who asks decides. @param exitCode where it is not {@link SESSION_EXIT.ok} */
  end(exitCode?: SessionExit): void {
    if (this.isAsked) return
    if (exitCode !== undefined) this.#exitCode = exitCode
    this.#asked.abort()
  }

  /** It is not the technician who ends it. */
  dismiss(): void {
    if (!this.isAsked) this.#isDismissed = true
    this.end(SESSION_EXIT.unavailable)
  }

  /** Whoever comes back need not wait for the keepalive of their dead connection. */
  async endIfUnanswered(): Promise<void> {
    const { terminal, clock } = this.#options
    if (!terminal.interactive) return
    const answer = await within(ANSWER_MS, [this.over], signal => terminal.roundTrip(signal), { clock })
    if (answer.kind !== 'timeout') return
    this.#isUnanswered = true
    this.end()
  }

  get how(): HowEnded {
    const { stopping, terminal } = this.#options
    if (stopping.aborted) return 'stopped'
    if (this.#isDismissed) return 'dismissed'
    if (this.#isUnanswered) return 'disconnected'
    return this.isAsked || !terminal.gone.aborted ? 'left' : 'disconnected'
  }

  /** A person's connection was lost, also with the end of this program; a program that lost its own runs again. */
  get isLost(): boolean {
    const { terminal } = this.#options
    if (this.#isUnanswered) return true
    if (this.how === 'stopped') return terminal.interactive && !this.isAsked
    return this.how === 'disconnected' && terminal.interactive && terminal.gone.reason === LOST
  }
}
