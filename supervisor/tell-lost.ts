/** Has the console bridge tell people why their sessions ended, once the tunnel is back: over a dead path nobody can be told. */
import type { Clock } from '../runtime/clock.ts'
import { errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { within } from '../runtime/waiting.ts'
import { type BridgeOptions, tellPeople } from './bridge/ask-bridge.ts'
import { explain, type Move } from './status/move.ts'

/** Milliseconds for the bridge to take it. */
const TELL_MS = 5_000
/** Seconds by which the bridge may have noticed the end of a session before the tunnel counted as closed. */
const SPARE_S = 2

export interface TellLostOptions {
  bridge: Omit<BridgeOptions, 'signal'>
  clock: Clock
  signal: AbortSignal
  log: Logger
}

export class TellLost {
  readonly #options: TellLostOptions
  #isIn = false
  /** When somebody was last on a console by way of a relay. */
  #lastInMs = Number.NEGATIVE_INFINITY

  constructor(options: TellLostOptions) {
    this.#options = options
  }

  /** So many people are on consoles by way of relays. */
  seen(count: number): void {
    if (count > 0 || this.#isIn) this.#lastInMs = this.#options.clock.nowMs()
    this.#isIn = count > 0
  }

  /** Nobody is told where nobody was in. */
  moved(move: Move): void {
    if (move.kind === 'lost' && this.#lastInMs >= move.lostMs) void this.#tell(move)
  }

  async #tell(move: Move): Promise<void> {
    const { bridge, clock, signal, log } = this.#options
    const lostS = Math.ceil((clock.nowMs() - move.closedMs) / 1000) + SPARE_S
    const tell = (until: AbortSignal) => tellPeople({ ...bridge, signal: until }, explain(move), lostS)
    const told = await within(TELL_MS, [signal], tell, { clock }).catch(err => {
      return { kind: 'done' as const, value: { ok: false as const, cause: errorMessage(err) } }
    })
    if (told.kind === 'done' && told.value.ok) return
    const cause = told.kind === 'done' && !told.value.ok ? told.value.cause : told.kind
    log.warn({ cause }, 'nobody could be told why their session ended')
  }
}
