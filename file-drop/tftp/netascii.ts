/** netascii (RFC 764 by way of RFC 1350): a line ends with CR LF, and a CR of the text is CR NUL; pure. */

const LF = 10
const CR = 13

export function toNetascii(bytes: Buffer): Buffer {
  const out: number[] = []
  for (const byte of bytes) {
    if (byte === LF) out.push(CR, LF)
    else if (byte === CR) out.push(CR, 0)
    else out.push(byte)
  }
  return Buffer.from(out)
}

/** Chunk by chunk: a pair may be parted by the end of a block. */
export class FromNetascii {
  #hasCr = false

  take(bytes: Buffer): Buffer {
    const out: number[] = []
    for (const byte of bytes) {
      if (this.#hasCr) {
        this.#hasCr = false
        if (byte === LF || byte === 0) {
          out.push(byte === LF ? LF : CR)
          continue
        }
        out.push(CR)
      }
      if (byte === CR) this.#hasCr = true
      else out.push(byte)
    }
    return Buffer.from(out)
  }

  /** What is left at the end. */
  rest(): Buffer {
    return this.#hasCr ? Buffer.from([CR]) : Buffer.alloc(0)
  }
}
