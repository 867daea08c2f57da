/** Writes the status file, one write at a time, the newest content last. */
import { join } from 'node:path'
import type { SupervisorStatus } from '../../runtime/status-file.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

export interface StatusWriter {
  write(status: SupervisorStatus): void
  /** Resolves when the newest content is in the file. */
  flush(): Promise<void>
}

/** @param onError a full or read-only file system: it is told, and never ends the daemon */
export function statusWriter(runtimeDirectory: string, onError: (err: unknown) => void): StatusWriter {
  const path = join(runtimeDirectory, 'status.json')
  let next: string | undefined
  let last = ''
  let busy = false
  let written = Promise.resolve()

  const drain = async () => {
    busy = true
    while (next !== undefined) {
      const text = next
      next = undefined
      if (text === last) continue
      try {
        await writeAtomically(path, text, 0o644)
        last = text
      } catch (err) {
        onError(err)
      }
    }
    busy = false
  }
  return {
    write: status => {
      next = `${JSON.stringify(status, undefined, 2)}\n`
      if (!busy) written = drain()
    },
    flush: () => written,
  }
}
