/** Writes the status file, one write at a time, the newest content last. */
import { join } from 'node:path'
import { withWord } from '../../formats/states.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

export interface StatusWriter {
  write(status: SupervisorStatus): void
  /** Resolves when the newest content is in the file. */
  flush(): Promise<void>
}

/** Milliseconds that one write may take; a file system that answers later is one that cannot be written. */
const SLOW_MS = 8_000

/** @param onOutcome told after each write what is wrong, undefined when nothing is; a full file system never ends the daemon */
export function statusWriter(runtimeDirectory: string, onOutcome: (fault: string | undefined) => void): StatusWriter {
  const path = join(runtimeDirectory, 'status.json')
  let next: string | undefined
  let last = ''
  let isBusy = false
  let written = Promise.resolve()

  const drain = async () => {
    isBusy = true
    while (next !== undefined) {
      const text = next
      next = undefined
      if (text === last) continue
      const slow = setTimeout(() => onOutcome(`${path} is not written in time`), SLOW_MS)
      try {
        await writeAtomically(path, text, 0o644)
        last = text
        onOutcome(undefined)
      } catch (err) {
        onOutcome(errorMessage(err))
      } finally {
        clearTimeout(slow)
      }
    }
    isBusy = false
  }
  return {
    write: status => {
      next = `${JSON.stringify({ ...withWord(status), changes: status.changes.map(withWord) }, undefined, 2)}\n`
      if (!isBusy) written = drain()
    },
    flush: () => written,
  }
}
