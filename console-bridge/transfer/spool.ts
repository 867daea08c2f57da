/** Folders for files on their way between a client and a target: on the data partition, private to the bridge. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

export class Spool {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** What a bridge that was killed left there is nobody's. */
  async empty(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Gives `use` an empty folder, which is removed afterwards. */
  async folder<T>(use: (directory: string) => Promise<T>): Promise<T> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const directory = await mkdtemp(join(this.#directory, 'file-'))
    try {
      return await use(directory)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}
