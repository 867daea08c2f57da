/**
 * The framing between the console bridge and a line program: a kind, a length of two bytes (big-endian), and that many
 * bytes. No effects.
 */

export const KIND = {
  /** Bytes of the line. */
  data: 0x44,
  /** JSON. */
  message: 0x4d,
} as const

export type Frame = { kind: 'data'; bytes: Buffer } | { kind: 'message'; text: string }

/** Bytes of one frame. What claims to be longer is no frame, so nothing that the other end sends fills the memory. */
export const FRAME_BOUND = { data: 16_384, message: 4_096 } as const

const HEADER_BYTES = 3

/** What came is no frame: the connection is of no more use. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Takes the next bytes, split anywhere.
   * @throws FrameError
   */
  *feed(bytes: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length > 0) {
      const kind = kindOf(this.#rest[0])
      if (this.#rest.length < HEADER_BYTES) return
      const length = this.#rest.readUInt16BE(1)
      if (length > FRAME_BOUND[kind]) throw new FrameError(`a frame of ${length} bytes is too long`)
      if (this.#rest.length < HEADER_BYTES + length) return
      const content = this.#rest.subarray(HEADER_BYTES, HEADER_BYTES + length)
      this.#rest = this.#rest.subarray(HEADER_BYTES + length)
      // A copy: what is kept of it must not keep all that came with it.
      if (kind === 'data') yield { kind, bytes: Buffer.from(content) }
      else yield { kind, text: content.toString('utf8') }
    }
  }
}

/** As many frames as the bytes need. */
export function dataFrames(bytes: Buffer): Buffer {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += FRAME_BOUND.data) {
    const piece = bytes.subarray(at, at + FRAME_BOUND.data)
    frames.push(header(KIND.data, piece.length), piece)
  }
  return Buffer.concat(frames)
}

/** @throws FrameError when it is longer than a frame may be */
export function messageFrame(message: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(message))
  if (bytes.length > FRAME_BOUND.message) throw new FrameError('a message is too long')
  return Buffer.concat([header(KIND.message, bytes.length), bytes])
}

function header(kind: number, length: number): Buffer {
  return Buffer.from([kind, length >> 8, length & 0xff])
}

function kindOf(byte: number | undefined): Frame['kind'] {
  if (byte === KIND.data) return 'data'
  if (byte === KIND.message) return 'message'
  throw new FrameError('what came is no frame')
}
