/** Reads vsftpd's log as it is written, and empties it: nothing of it stays but the history. */
import { constants, open } from 'node:fs/promises'
import type { Clock } from '../../runtime/clock.ts'

/** Milliseconds between two looks. */
const PACE_MS = 500
const CHUNK_BYTES = 65_536
/** Bytes of the log beyond which it is emptied. */
const KEPT_BYTES = 262_144
/** Bytes of a line that is still read. */
const LINE_MAX = 4_096

export interface FollowOptions {
  path: string
  clock: Clock
  signal: AbortSignal
  onLine(line: string): void
  /** After each look. */
  onTurn(): Promise<void>
}

/** Runs until aborted. The writer appends (O_APPEND), so a log that was emptied goes on at its beginning. @throws a system error */
export async function followLog({ path, clock, signal, onLine, onTurn }: FollowOptions): Promise<void> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const handle = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o620)
  try {
    await handle.chmod(0o620)
    let position = 0
    let rest = ''
    const chunk = Buffer.alloc(CHUNK_BYTES)
    while (!signal.aborted) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
      position += bytesRead
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n')
      rest = (lines.pop() ?? '').slice(-LINE_MAX)
      for (const line of lines) onLine(Buffer.from(line, 'latin1').toString('utf8'))
      if (bytesRead === chunk.length) continue
      // What comes between the look and the emptying is lost: a line of the history, in a log that is being flooded.
      if (position > KEPT_BYTES) {
        await handle.truncate(0)
        position = 0
      }
      await onTurn()
      await clock.sleep(PACE_MS, signal)
    }
  } finally {
    await handle.close()
  }
}
