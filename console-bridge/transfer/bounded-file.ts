/** A new file that grows up to a bound, and leaves room on the disk for the transcripts. */
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FILE_MAX_BYTES } from '../../formats/exec-commands.ts'
import { errorCode } from '../../runtime/errors.ts'

/** Part of the file system that stays free. */
const FREE_PART = 0.1
/** Bytes between two looks at the disk. */
const LOOK_BYTES = 262_144

export class BoundedFile {
  readonly path: string
  readonly #file: FileHandle
  #bytes = 0
  #lookAtBytes = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  /** @throws the error of open(2), such as EEXIST: it takes neither a file that is there nor a link */
  static async create(path: string, mode: number): Promise<BoundedFile> {
    const file = await open(path, 'wx', mode)
    // Whatever the umask of the program is.
    await file.chmod(mode)
    return new BoundedFile(path, file)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @returns why it cannot have so many bytes more */
  async whyNot(bytes: number): Promise<string | undefined> {
    if (this.#bytes + bytes > FILE_MAX_BYTES) return `the file is larger than ${FILE_MAX_BYTES} bytes`
    const { bavail, blocks, bsize } = await statfs(dirname(this.path))
    const leftBytes = Math.floor((bavail - blocks * FREE_PART) * bsize)
    return bytes > leftBytes ? NO_ROOM : undefined
  }

  /** @returns why not */
  async write(bytes: Buffer): Promise<string | undefined> {
    if (this.#bytes + bytes.length > this.#lookAtBytes) {
      const why = await this.whyNot(bytes.length)
      if (why !== undefined) return why
      this.#lookAtBytes = Math.min(FILE_MAX_BYTES, this.#bytes + LOOK_BYTES)
    }
    try {
      await this.#file.writeFile(bytes)
    } catch (err) {
      if (errorCode(err) === 'ENOSPC') return NO_ROOM
      throw err
    }
    this.#bytes += bytes.length
    return undefined
  }

  /** All of it is on the disk then. */
  async sync(): Promise<void> {
    await this.#file.sync()
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {})
  }
}

const NO_ROOM = 'the device has no room for the file: a tenth of its disk stays free'
