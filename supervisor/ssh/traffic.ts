/** Watches the stream below a connection: when and how much came and went, and that no end of it starves or floods this process. */
import type { Duplex } from 'node:stream'
import type { Activity } from './connection.ts'

/** Bytes that may wait for the network; channels pause far earlier, so beyond this the other end sends requests without reading. */
const UNSENT_MAX = 1024 * 1024
/** Milliseconds of work in one turn of the event loop; past it, as long again belongs to everybody else. */
const WORK_MAX_MS = 20
/** Longest such pause in milliseconds. */
const PAUSE_MAX_MS = 1_000
/** Bytes from the beginning that are looked through for the identification (RFC 4253, section 4.2). */
const GREETING_MAX = 16_384

export class Traffic {
  readonly #stream: Duplex
  #receivedAtMs: number
  #receivedBytes = 0
  #writtenBytes = 0
  #beginning: string | undefined = ''
  /** Of this turn of the event loop. */
  #workMs = 0
  #resume: NodeJS.Timeout | undefined

  /** @param flooded is called when the other end does not read what it asked for */
  constructor(stream: Duplex, nowMs: () => number, flooded: () => void) {
    this.#stream = stream
    this.#receivedAtMs = nowMs()
    this.#countWrites()
    stream.on('data', (bytes: Buffer) => {
      const startedMs = performance.now()
      this.#receivedAtMs = nowMs()
      this.#receivedBytes += bytes.length
      this.#lookForGreeting(bytes)
      // After every other listener.
      process.nextTick(() => {
        if (stream.writableLength > UNSENT_MAX) flooded()
        this.#worked(performance.now() - startedMs)
      })
    })
    stream.once('close', () => clearTimeout(this.#resume))
  }

  /** Whether the other end has sent an SSH identification, something else, or nothing yet. */
  get greeting(): 'ssh' | 'other' | 'none' {
    if (this.#beginning === undefined) return 'ssh'
    return this.#beginning === '' ? 'none' : 'other'
  }

  activity(): Activity {
    const { writableLength } = this.#stream
    return {
      receivedAtMs: this.#receivedAtMs,
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#writtenBytes - writableLength,
      unsentBytes: writableLength,
    }
  }

  /** ssh2 works through thousands of small packets in one piece, and libuv reads 32 pieces before it looks at anything else. */
  #worked(ms: number): void {
    const stream = this.#stream
    if (this.#workMs === 0) {
      setImmediate(() => {
        this.#workMs = 0
      })
    }
    this.#workMs += ms
    if (this.#workMs < WORK_MAX_MS || this.#resume || stream.destroyed) return
    stream.pause()
    this.#resume = setTimeout(
      () => {
        this.#resume = undefined
        stream.resume()
      },
      Math.min(this.#workMs, PAUSE_MAX_MS),
    )
  }

  #lookForGreeting(bytes: Buffer): void {
    if (this.#beginning === undefined || this.#beginning.length > GREETING_MAX) return
    this.#beginning += bytes.toString('latin1', 0, GREETING_MAX)
    if (/(^|\n)SSH-/.test(this.#beginning)) this.#beginning = undefined
  }

  /** `Socket.bytesWritten` goes through all that waits, each time. */
  #countWrites(): void {
    const write = this.#stream.write
    this.#stream.write = ((...args: Parameters<typeof write>) => {
      this.#writtenBytes += (args[0] as Buffer | string).length
      return write.apply(this.#stream, args)
    }) as typeof write
  }
}
