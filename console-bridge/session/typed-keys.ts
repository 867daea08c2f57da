/** What a technician types, as bytes for the target and commands for the bridge. */
import type { Clock } from '../../runtime/clock.ts'
import type { KeyParser, TypedEvent } from './escape-parser.ts'

/** Milliseconds after which an escape key that may be a character goes to the target. */
const LONE_ESCAPE_MS = 500

interface TypedKeysOptions {
  /** Undefined where every byte is for the target. */
  parser: KeyParser | undefined
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
  onEvent(event: TypedEvent): void
}

export class TypedKeys {
  readonly #options: TypedKeysOptions
  /** Counts what was typed: a lone escape key waits for the next key. */
  #arrivals = 0

  constructor(options: TypedKeysOptions) {
    this.#options = options
  }

  /** @param isPaste these bytes were not typed key by key */
  feed(bytes: Buffer, isPaste: boolean): void {
    const { parser } = this.#options
    this.#arrivals++
    this.#tell(parser?.feed(bytes, isPaste) ?? [{ kind: 'bytes', bytes }])
    if (parser?.hasLoneEscape) void this.#sendLoneEscape()
  }

  /** No key follows any more. */
  end(): void {
    this.#tell(this.#options.parser?.flush() ?? [])
  }

  /** It was a character like others, unless the next key follows soon. */
  async #sendLoneEscape(): Promise<void> {
    const arrivals = this.#arrivals
    await this.#options.clock.sleep(LONE_ESCAPE_MS, this.#options.over)
    if (this.#arrivals === arrivals) this.end()
  }

  #tell(events: readonly TypedEvent[]): void {
    for (const event of events) this.#options.onEvent(event)
  }
}
