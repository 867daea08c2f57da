/** Equipment on a pty that sends as fast as the line takes it, and can be unplugged meanwhile. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'

/** What was sent up to a moment. */
interface Sent {
  atMs: number
  bytes: number
}

export class PumpedPty {
  readonly path: string
  readonly #pieces: Buffer[] = []
  readonly #history: Sent[] = []
  #bytes = 0
  #socat: Program | undefined
  #held: FileHandle | undefined

  constructor(path: string) {
    this.path = path
  }

  /** All that was handed to the line, also what an unplugging lost on the way. */
  get sent(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  get sentBytes(): number {
    return this.#bytes
  }

  /** How much of it was handed over before that moment of `Date.now()`. */
  sentBefore(atMs: number): number {
    return this.#history.findLast(sent => sent.atMs <= atMs)?.bytes ?? 0
  }

  async plug(): Promise<void> {
    this.#socat = startProgram('socat', [`PTY,link=${this.path},raw,echo=0`, 'STDIO'])
    // Held open, because socat takes the first close for the end.
    this.#held = await waitFor(`the pty ${this.path}`, () =>
      open(this.path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined),
    )
  }

  async unplug(): Promise<void> {
    await this.#socat?.stop()
    await this.#held?.close()
    this.#socat = this.#held = undefined
  }

  /** Resolves when there is room for more. */
  async send(piece: Buffer): Promise<void> {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    this.#history.push({ atMs: Date.now(), bytes: this.#bytes })
    const input = this.#socat?.child.stdin
    if (!input) throw new Error('it is unplugged')
    await new Promise<void>(resolve => void input.write(piece, () => resolve()))
  }
}
