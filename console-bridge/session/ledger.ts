/** Counts how much of one session's input was sent, and why the rest was not. */
import type { Loss } from '../console/loss.ts'

export class Ledger {
  #sentBytes = 0
  #lostBytes = 0
  #mayBeMore = false
  #loss: Loss | undefined

  sent(bytes: number): void {
    this.#sentBytes += bytes
  }

  /** @param bytes 0 where some bytes that count as sent may be lost */
  lost(bytes: number, loss: Loss): void {
    // Only a session that typed can lose bytes that the adapter had.
    if (bytes === 0 && this.#sentBytes === 0) return
    this.#loss ??= loss
    this.#lostBytes += bytes
    if (bytes === 0) this.#mayBeMore = true
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  /** The first loss; undefined while everything was sent. */
  get loss(): Loss | undefined {
    return this.#loss
  }

  /** `12 bytes sent, 40 not sent: bob types`; undefined when everything was sent. */
  describe(): string | undefined {
    if (!this.#loss) return undefined
    const upTo = this.#mayBeMore ? 'up to ' : ''
    const atLeast = this.#mayBeMore ? 'at least ' : ''
    return `${upTo}${this.#sentBytes} bytes sent, ${atLeast}${this.#lostBytes} not sent: ${this.#loss.text}`
  }
}
