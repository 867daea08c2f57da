/** How far another program has read a file; sftp tells it to a terminal only. */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** Milliseconds between two looks. */
const PACE_MS = 500

/**
 * Looks at the open files of the process (proc_pid_fdinfo(5)); where there is no such folder, it says nothing.
 * @param onBytes gets each new position
 * @returns what ends it
 */
export function watchPosition(pid: number, path: string, onBytes: (bytes: number) => void): () => void {
  let last = -1
  const look = async () => {
    const position = await positionOf(pid, await realpath(path)).catch(() => undefined)
    if (position === undefined || position === last) return
    last = position
    onBytes(position)
  }
  const timer = setInterval(() => void look(), PACE_MS)
  return () => clearInterval(timer)
}

async function positionOf(pid: number, path: string): Promise<number | undefined> {
  const folder = `/proc/${pid}/fd`
  for (const name of await readdir(folder)) {
    if ((await readlink(join(folder, name)).catch(() => undefined)) !== path) continue
    const [, position] = /^pos:\s*(\d+)/m.exec(await readFile(`/proc/${pid}/fdinfo/${name}`, 'utf8')) ?? []
    return position === undefined ? undefined : Number(position)
  }
  return undefined
}
