/** Limits the memory of all visitors' channels together, in case their servers on this device do not read. */
import type { Duplex, Readable } from 'node:stream'

/** Bytes. One slow console may keep all of its channel's window, which is 2 MiB; so may a few more. */
const KEPT_MAX = 32 * 1024 * 1024
/** Milliseconds between two looks. */
const LOOK_MS = 500

interface Arrived {
  channel: Readable
  stream: Duplex
}

/** Closes the channel that keeps most when all together keep too much. Costs nothing while there are none. */
export class ArrivedChannels {
  readonly #open = new Set<Arrived>()
  #timer: NodeJS.Timeout | undefined

  add(channel: Readable, stream: Duplex): void {
    const arrived = { channel, stream }
    this.#open.add(arrived)
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
    channel.once('close', () => {
      this.#open.delete(arrived)
      if (this.#open.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  #look(): void {
    let keptBytes = 0
    for (const arrived of this.#open) keptBytes += kept(arrived)
    for (const arrived of [...this.#open].sort((a, b) => kept(b) - kept(a))) {
      if (keptBytes <= KEPT_MAX) return
      keptBytes -= kept(arrived)
      arrived.stream.destroy()
    }
  }
}

function kept({ channel, stream }: Arrived): number {
  return channel.readableLength + stream.readableLength
}
