/** A channel as an ordinary stream: `destroy` closes it for good, `close` comes in any case, and nothing is kept without a bound. */
import { Duplex } from 'node:stream'
import type { Channel } from 'ssh2'

/** Calls back when the connection takes more to send. */
export type WhenWritable = (go: () => void) => void

export class ChannelStream extends Duplex {
  readonly #channel: Channel
  readonly #whenWritable: WhenWritable
  /** The exit code of an `exec`, when the channel has closed or was destroyed; undefined without one. */
  readonly exited: Promise<number | undefined>

  constructor(channel: Channel, whenWritable: WhenWritable) {
    // The exit code comes after both directions have ended: the channel's own end decides, below.
    super({ allowHalfOpen: true, autoDestroy: false })
    this.#channel = channel
    this.#whenWritable = whenWritable
    this.on('error', () => {})
    channel.on('error', (err: Error) => this.destroy(err))
    channel.on('data', (bytes: Buffer) => {
      if (!this.destroyed && !this.push(bytes)) channel.pause()
    })
    channel.once('end', () => this.push(null))
    let exitCode: number | undefined
    channel.on('exit', (code: unknown) => {
      if (typeof code === 'number') exitCode = code
    })
    // This does not need a reader: the rest is in our own buffer.
    this.exited = new Promise(resolve => {
      for (const end of [channel, this]) end.once('close', () => resolve(exitCode))
    })
    channel.once('close', () => {
      if (this.readableEnded) this.destroy()
      else this.once('end', () => this.destroy())
    })
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (err?: Error | null) => void): void {
    this.#whenWritable(() => {
      if (!this.destroyed) this.#channel.write(bytes, done)
    })
  }

  /** RFC 4254, section 5.3: an end of data leaves the other direction open. */
  override _final(done: (err?: Error | null) => void): void {
    this.#channel.end()
    done()
  }

  override _destroy(err: Error | null, done: (err?: Error | null) => void): void {
    discard(this.#channel)
    done(err)
  }
}

/** Closes a channel for good: ssh2 says that it is closed only when everything received was read. */
function discard(channel: Channel): void {
  channel.resume()
  channel.destroy()
}

/** In place of a channel that no longer exists. */
export function closedStream(): Duplex {
  return new Duplex().on('error', () => {}).destroy()
}
