/** Lines of a file of a transcript, as binary strings with their places. */
import { open } from 'node:fs/promises'
import { errorCode } from '../../runtime/errors.ts'

export interface FileLine {
  /** Without its newline. */
  text: string
  /** Bytes of the file before it. */
  at: number
  /** Bytes of the file up to the next line. */
  next: number
}

const BLOCK_BYTES = 65_536

/**
 * Whole lines, many at a time. Nothing where the file is gone: the oldest ones are dropped at any time.
 * @param from bytes of the file before the first line @param to bytes; the line that begins before it is the last one
 */
export async function* linesOf(path: string, from: number, to: number): AsyncGenerator<FileLine[]> {
  const file = await open(path, 'r').catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
  })
  if (!file) return
  try {
    let rest = Buffer.alloc(0)
    let at = from
    while (at < to) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(BLOCK_BYTES), 0, BLOCK_BYTES, at + rest.length)
      if (bytesRead === 0) return
      const block =
        rest.length > 0 ? Buffer.concat([rest, buffer.subarray(0, bytesRead)]) : buffer.subarray(0, bytesRead)
      const end = block.lastIndexOf(0x0a) + 1
      const lines: FileLine[] = []
      for (const text of end === 0 ? [] : block.toString('latin1', 0, end - 1).split('\n')) {
        if (at >= to) break
        lines.push({ text, at, next: at + text.length + 1 })
        at += text.length + 1
      }
      if (lines.length > 0) yield lines
      rest = block.subarray(end)
    }
  } finally {
    await file.close()
  }
}
