/** What a target says, for a protocol that reads it in pieces and with deadlines. */
import type { Clock } from '../../runtime/clock.ts'
import { OVER } from '../../runtime/waiting.ts'

/** Bytes that wait; a sender that keeps to a protocol waits for an answer long before. */
const BOUND_BYTES = 65_536

export class ByteQueue {
  readonly #clock: Clock
  readonly #over: AbortSignal
  #waiting = Buffer.alloc(0)
  #tell: () => void = () => {}

  /** @param over ends every wait */
  constructor(clock: Clock, over: AbortSignal) {
    this.#clock = clock
    this.#over = over
  }

  push(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]).subarray(0, BOUND_BYTES)
    this.#tell()
  }

  /** @param pauseMs milliseconds that may pass without a byte. @returns undefined when so many do not come */
  async take(count: number, pauseMs: number): Promise<Buffer | undefined> {
    while (this.#waiting.length < count) if (!(await this.#more(pauseMs))) return undefined
    return this.#cut(count)
  }

  /** @returns all that comes until there is a pause; undefined when nothing comes for `waitMs` */
  async burst(waitMs: number, pauseMs: number): Promise<Buffer | undefined> {
    if (this.#waiting.length === 0 && !(await this.#more(waitMs))) return undefined
    while (this.#waiting.length < BOUND_BYTES && (await this.#more(pauseMs)));
    return this.rest()
  }

  /** What was not read. */
  rest(): Buffer {
    return this.#cut(this.#waiting.length)
  }

  #cut(count: number): Buffer {
    const taken = this.#waiting.subarray(0, count)
    this.#waiting = this.#waiting.subarray(count)
    return taken
  }

  async #more(ms: number): Promise<boolean> {
    const before = this.#waiting.length
    const change = new AbortController()
    this.#tell = () => change.abort(OVER)
    await this.#clock.sleep(ms, AbortSignal.any([this.#over, change.signal]))
    this.#tell = () => {}
    return this.#waiting.length > before && !this.#over.aborted
  }
}
