/** The little of a stream that the loop's code uses, without buffers and ticks: what is said is heard at once. */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Rung } from '../../../transport/way.ts'

export class FakeStream extends EventEmitter {
  destroyed = false
  writable = true
  writableLength = 0
  /** Where a channel leads, for an SSH connection over it. */
  leadsTo: unknown
  /** The way by which it came about. */
  rung: Rung | undefined
  #onWrite: (text: string) => void
  /** Said before anybody listened. */
  #early: (string | Buffer)[] = []

  constructor(onWrite: (text: string) => void = () => {}) {
    super()
    this.#onWrite = onWrite
    this.on('newListener', event => {
      if (event === 'data') queueMicrotask(() => this.#flush())
    })
  }

  get asDuplex(): Duplex {
    return this as unknown as Duplex
  }

  say(what: string | Buffer): void {
    if (this.destroyed) return
    this.#early.push(what)
    this.#flush()
  }

  write(text: string): boolean {
    if (!this.destroyed) this.#onWrite(text)
    return true
  }

  end(): this {
    this.destroy()
    return this
  }

  destroy(): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.writable = false
    this.emit('end')
    this.emit('close')
    return this
  }

  pipe = <T>(to: T): T => to
  setEncoding = () => this
  pause = () => this
  resume = () => this
  isPaused = () => false

  #flush(): void {
    if (this.listenerCount('data') === 0) return
    for (const what of this.#early.splice(0)) this.emit('data', what)
  }
}
