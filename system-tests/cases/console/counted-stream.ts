/** What a target says, counted: each line has a number of its own, and the time at which it was sent is known. */
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface Pace {
  /** At least, of each piece: whole lines. */
  bytes: number
  everyMs: number
}

/** 30 KB a second: more than twice what a line of 115200 baud carries. */
export const FLOOD: Pace = { bytes: 1_500, everyMs: 50 }
/** One line a piece, 0.7 KB a second. */
export const TRICKLE: Pace = { bytes: 1, everyMs: 100 }

export class CountedStream {
  readonly #pieces: Buffer[] = []
  /** How many bytes had been sent before each piece, and when that was (`performance.now()`). */
  readonly #sent: { before: number; atMs: number }[] = []
  #bytes = 0
  #lines = 0

  /** All that was sent. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  get length(): number {
    return this.#bytes
  }

  /** Sends at this pace until aborted; waits where the other end does not take it. */
  async keepSending(socket: Socket, { bytes, everyMs }: Pace, signal: AbortSignal): Promise<void> {
    for (let atMs = performance.now(); !signal.aborted; atMs += everyMs) {
      if (socket.writableLength > 0) atMs = performance.now()
      else this.#send(socket, bytes)
      await delay(Math.max(1, atMs + everyMs - performance.now()), undefined, { signal }).catch(() => {})
    }
  }

  /** Sends so many bytes as fast as they are taken. */
  async flood(socket: Socket, bytes: number): Promise<void> {
    for (const end = this.#bytes + bytes; this.#bytes < end; ) {
      if (!this.#send(socket, 8_192)) await new Promise(resolve => socket.once('drain', resolve))
    }
  }

  /** When the byte at this place was sent. */
  sentAtMs(place: number): number {
    const piece = this.#sent.findLast(({ before }) => before <= place)
    if (!piece) throw new Error('nothing was sent')
    return piece.atMs
  }

  /** What was sent after this place is lost: the next that is sent follows it. */
  cutAt(place: number): void {
    const kept = this.bytes.subarray(0, place)
    this.#pieces.splice(0, this.#pieces.length, kept)
    this.#bytes = place
  }

  #send(socket: Socket, atLeast: number): boolean {
    let text = ''
    while (text.length < atLeast)
      text += `${++this.#lines} %LINK-3-UPDOWN: grüße aus 東京 \\ \x1b[1mport ${this.#lines % 48}\x1b[0m\r\n`
    const piece = Buffer.from(text)
    this.#pieces.push(piece)
    this.#sent.push({ before: this.#bytes, atMs: performance.now() })
    this.#bytes += piece.length
    return socket.write(piece)
  }
}
