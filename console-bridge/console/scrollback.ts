/** The latest output of a console: a ring of bytes that every reader reads at its own pace. */

export interface ScrollbackRead {
  /** A copy, empty at the end. */
  bytes: Buffer
  /** Bytes that were overwritten before this reader read them. */
  missedBytes: number
  /** Where to read on. */
  next: number
}

const NEWLINE = 0x0a

/** A position counts bytes since the start, so that an overwritten position is recognised. */
export class Scrollback {
  readonly #ring: Buffer
  #end = 0

  /** @param capacityBytes bytes that are kept */
  constructor(capacityBytes: number) {
    this.#ring = Buffer.alloc(capacityBytes)
  }

  get capacityBytes(): number {
    return this.#ring.length
  }

  /** The position after the newest byte. */
  get end(): number {
    return this.#end
  }

  /** The position of the oldest byte that is kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#ring.length)
  }

  append(bytes: Uint8Array): void {
    const size = this.#ring.length
    const kept = bytes.subarray(Math.max(0, bytes.length - size))
    const at = (this.#end + bytes.length - kept.length) % size
    const untilWrap = Math.min(kept.length, size - at)
    this.#ring.set(kept.subarray(0, untilWrap), at)
    this.#ring.set(kept.subarray(untilWrap), 0)
    this.#end += bytes.length
  }

  /** Reads from `position`; an overwritten position skips to the oldest byte that is left. */
  read(position: number, maxBytes: number): ScrollbackRead {
    const from = Math.max(position, this.start)
    const length = Math.min(maxBytes, this.#end - from)
    const bytes = Buffer.alloc(length)
    const at = from % this.#ring.length
    const untilWrap = Math.min(length, this.#ring.length - at)
    bytes.set(this.#ring.subarray(at, at + untilWrap), 0)
    bytes.set(this.#ring.subarray(0, length - untilWrap), untilWrap)
    return { bytes, missedBytes: from - position, next: from + length }
  }

  /** The position where the last `lines` lines begin, at most `maxBytes` before the end. An unfinished line counts. */
  lastLines(lines: number, maxBytes: number): number {
    const oldest = Math.max(this.start, this.#end - maxBytes)
    let newlines = 0
    for (let position = this.#end - 1; position >= oldest; position--) {
      if (this.#ring[position % this.#ring.length] !== NEWLINE || position === this.#end - 1) continue
      newlines++
      if (newlines === lines) return position + 1
    }
    return oldest
  }
}
