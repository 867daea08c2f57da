/** Takes one file of a target, for a client that writes it to its standard output. */

import { BoundedFile } from './bounded-file.ts'
import type { Incoming } from './receive-files.ts'

export interface OneFile extends Incoming {
  /** What came of it, also when it is not complete; undefined before it began, and when the target offered a second one. */
  readonly path: string | undefined
  /** To be called in any case. */
  close(): Promise<void>
}

export function oneFile(path: string): OneFile {
  let file: BoundedFile | undefined
  let isComplete = false
  let isOne = true
  let name = ''
  return {
    get path() {
      return isOne ? file?.path : undefined
    },
    begin: async offered => {
      const called = printable(offered.name)
      if (isComplete) {
        isOne = false
        return `the target offers several files (${name}, ${called}, ...), and this command takes one; nothing was written`
      }
      name = called
      file = await BoundedFile.create(path, 0o600)
      return offered.size === undefined ? undefined : await file.whyNot(offered.size)
    },
    write: async bytes => file?.write(bytes),
    end: async () => {
      isComplete = true
      return undefined
    },
    close: async () => file?.close(),
  }
}

/** A name as it can be shown. */
export function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
}
