/**
 * The files of one transcript: `DIRECTORY/POSITION.log`, each named by the position of its first byte, so that names sort and a
 * position is found by name. Written at the end, dropped from the beginning.
 */
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'

/** Digits of a position: more than a thousand terabytes. */
const DIGITS = 16
const NAME = /^(\d{16})\.log$/
/** Files of one transcript: the quota is kept to a part of this size. */
export const SEGMENTS = 16
/** Bytes that are read at the end of a file, to find the end of its last record. Longer than any record. */
const TAIL_BYTES = 65_536

export interface Segment {
  start: number
  path: string
  /** Its last byte is before this position. */
  end: number
  changedMs: number
}

/** @returns in order; none where there is no folder @throws a system error */
export async function segmentsIn(directory: string): Promise<Segment[]> {
  const names = await readdir(directory).catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
    return []
  })
  const starts = names.flatMap(name => NAME.exec(name)?.[1] ?? []).sort()
  return Promise.all(
    starts.map(async digits => {
      const path = join(directory, `${digits}.log`)
      const { size, mtimeMs } = await stat(path)
      return { start: Number(digits), path, end: Number(digits) + size, changedMs: mtimeMs }
    }),
  )
}

export class Segments {
  readonly #directory: string
  #segments: Segment[]
  /** The one that is written. */
  #file: FileHandle | undefined
  #position: number

  private constructor(directory: string, segments: Segment[]) {
    this.#directory = directory
    this.#segments = segments
    this.#position = segments.at(-1)?.end ?? 0
  }

  /**
   * Removes half a record that a power cut left at the end.
   * @returns also how many bytes that were @throws a system error
   */
  static async in(directory: string): Promise<{ segments: Segments; tornBytes: number }> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const found = await segmentsIn(directory)
    const last = found.at(-1)
    const tornBytes = last ? await cutTorn(last) : 0
    return { segments: new Segments(directory, found), tornBytes }
  }

  /** The position of the oldest byte. */
  get start(): number {
    return this.#segments[0]?.start ?? this.#position
  }

  /** The position after the newest byte. */
  get end(): number {
    return this.#position
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  /** Bytes in the file that is written. */
  get currentBytes(): number {
    const last = this.#segments.at(-1)
    return last ? this.#position - last.start : 0
  }

  /** What is written from now on is in a new file; what was written before is on the disk. */
  async begin(): Promise<void> {
    await this.sync()
    await this.close()
    const path = join(this.#directory, `${String(this.#position).padStart(DIGITS, '0')}.log`)
    this.#file = await open(path, 'w', 0o600)
    if (this.#segments.at(-1)?.start === this.#position) this.#segments.pop()
    this.#segments.push({ start: this.#position, path, end: this.#position, changedMs: Date.now() })
  }

  /** Adds whole records. After an error, the same bytes may be written again: what was half written is overwritten. */
  async write(bytes: Buffer): Promise<void> {
    if (!this.#file) await this.#reopen()
    const last = this.#segments.at(-1) as Segment
    let done = 0
    while (done < bytes.length) {
      const at = this.#position - last.start + done
      done += (await (this.#file as FileHandle).write(bytes, done, bytes.length - done, at)).bytesWritten
    }
    this.#position += bytes.length
    last.end = this.#position
  }

  /** Puts what was written on the disk. */
  async sync(): Promise<void> {
    await this.#file?.datasync()
  }

  /** Drops the oldest files while `isTooOld` says so of the oldest; the one that is written stays. */
  async drop(isTooOld: (oldest: Segment, bytes: number) => boolean): Promise<void> {
    for (;;) {
      const [oldest, next] = this.#segments
      if (oldest === undefined || next === undefined || !isTooOld(oldest, this.#position - oldest.start)) return
      await rm(oldest.path, { force: true })
      this.#segments.shift()
    }
  }

  /** The next write opens the file again. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #reopen(): Promise<void> {
    const last = this.#segments.at(-1)
    try {
      if (last) this.#file = await open(last.path, 'r+')
    } catch (err) {
      // Somebody removed it.
      if (errorCode(err) !== 'ENOENT') throw err
    }
    if (!this.#file) await this.begin()
  }
}

/** @returns bytes that were cut off */
async function cutTorn(segment: Segment): Promise<number> {
  const file = await open(segment.path, 'r+')
  try {
    const size = segment.end - segment.start
    let kept = size
    while (kept > 0) {
      const from = Math.max(0, kept - TAIL_BYTES)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(kept - from), 0, kept - from, from)
      const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
      kept = newline < 0 ? from : from + newline + 1
      if (newline >= 0) break
    }
    if (kept < size) await file.truncate(kept)
    segment.end = segment.start + kept
    return size - kept
  } finally {
    await file.close()
  }
}
