/** How much of what one session typed was sent, and why the rest was not. */
import type { Loss } from '../console/loss.ts'

export class Ledger {
  #sentBytes = 0
  #lostBytes = 0
  #mayBeMore = false
  #loss: Loss | undefined

  sent(bytes: number): void {
    this.#sentBytes += bytes
  }

  /** @param bytes 0 where some that count as sent may be lost */
  lost(bytes: number, loss: Loss): void {
    // The adapter may have some of a session that never typed; but only who typed can lose any.
    if (bytes === 0 && this.#sentBytes === 0) return
    this.#loss ??= loss
    this.#lostBytes += bytes
    if (bytes === 0) this.#mayBeMore = true
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  /** The first one; undefined while everything was sent. */
  get loss(): Loss | undefined {
    return this.#loss
  }

  /** `12 bytes were sent, 40 were not: bob types`; undefined when everything was sent. */
  describe(): string | undefined {
    if (!this.#loss) return undefined
    const upTo = this.#mayBeMore ? 'up to ' : ''
    const atLeast = this.#mayBeMore ? 'at least ' : ''
    return `${upTo}${count(this.#sentBytes)} sent, ${atLeast}${this.#lostBytes} not: ${this.#loss.text}`
  }
}

function count(bytes: number): string {
  return bytes === 1 ? '1 byte was' : `${bytes} bytes were`
}
