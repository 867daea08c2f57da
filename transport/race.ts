/** Addresses tried one after the other, each beside those before it, until one is good (RFC 8305, section 5). */
import type { Clock } from '../runtime/clock.ts'
import type { ApproachedStream } from './wrap/approach.ts'

export interface Won extends ApproachedStream {
  address: string
}

/** Milliseconds from the start of one address to that of the next; a failure starts the next at once. */
const STAGGER_MS = 250

export class Race {
  /** The first that is good; undefined when there is none and no more come. */
  readonly result: Promise<Won | undefined>
  readonly #start: (address: string) => Promise<ApproachedStream | undefined>
  readonly #clock: Clock
  readonly #over: AbortSignal
  readonly #waiting: string[] = []
  readonly #seen = new Set<string>()
  #settle: (won: Won | undefined) => void = () => {}
  #isDecided = false
  #isComplete = false
  /** The next address may start at once. */
  #mayStart = true
  #running = 0

  /**
   * @param start gives the stream that is good, or undefined; it ends when `over` is aborted
   * @param over aborted when nobody wants the result any more
   */
  constructor(start: (address: string) => Promise<ApproachedStream | undefined>, clock: Clock, over: AbortSignal) {
    this.#start = start
    this.#clock = clock
    this.#over = over
    this.result = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  /** Addresses that are known already are passed over. */
  add(addresses: readonly string[]): void {
    for (const address of addresses) {
      if (!this.#seen.has(address)) this.#waiting.push(address)
      this.#seen.add(address)
    }
    if (this.#mayStart) this.#next()
  }

  /** No more addresses come. */
  finish(): void {
    this.#isComplete = true
    this.#endIfLost()
  }

  #next(): void {
    const address = this.#over.aborted || this.#isDecided ? undefined : this.#waiting.shift()
    this.#mayStart = address === undefined
    if (address !== undefined) void this.#try(address)
    this.#endIfLost()
  }

  async #try(address: string): Promise<void> {
    let isNextDue = false
    const goOn = () => {
      if (!isNextDue) this.#next()
      isNextDue = true
    }
    this.#running++
    void this.#clock.sleep(STAGGER_MS, this.#over).then(goOn)
    const opened = await this.#start(address)
    this.#running--
    if (opened === undefined) {
      goOn()
      this.#endIfLost()
    } else if (this.#isDecided || this.#over.aborted) {
      opened.stream.destroy()
    } else {
      this.#isDecided = true
      this.#settle({ ...opened, address })
    }
  }

  #endIfLost(): void {
    if (this.#isComplete && this.#running === 0 && this.#waiting.length === 0) this.#settle(undefined)
  }
}
