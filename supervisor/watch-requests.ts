/** Requests to the running supervisor: files that `oobm test`, `led`, `hotspot` and `doctor --speed` put into its request folder. */
import { constants, watch } from 'node:fs'
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of a request that are read: a state's name. */
const REQUEST_MAX = 64

/**
 * Calls `onRequest` with the name and the text of each request, and with who made it, once, after removing it.
 * @throws a system error when the folder cannot be made or watched
 */
export async function watchRequests(
  runtimeDirectory: string,
  onRequest: (name: string, text: string, uid: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(runtimeDirectory, 'request')
  await mkdir(folder, { recursive: true })
  // Only its group may send requests.
  await chmod(folder, 0o770)
  const names = ['test', 'led', 'speed', 'hotspot']
  const look = async () => {
    for (const name of names) {
      const taken = await take(join(folder, name), join(runtimeDirectory, `request.${name}`))
      if (taken !== undefined) onRequest(name, taken.text, taken.uid)
    }
  }
  // One file causes several events: one look at a time, so that no request is served twice.
  let looking = Promise.resolve()
  const watcher = watch(folder, { signal }, () => {
    looking = looking.then(look).catch(() => {})
  })
  watcher.on('error', () => {})
  await look()
}

/** Removes it and returns its text; undefined if there is none, or if it is not a file. */
async function take(path: string, aside: string): Promise<{ text: string; uid: number } | undefined> {
  try {
    // Moved out of the folder first, so that what is read is what was removed, however many ask at once.
    await rename(path, aside)
  } catch {
    return undefined
  }
  try {
    // Without blocking, and without following a link: a pipe or a link must not stop the supervisor.
    const file = await open(aside, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) return undefined
      const { buffer, bytesRead } = await file.read(Buffer.alloc(REQUEST_MAX), 0, REQUEST_MAX, 0)
      return { text: buffer.toString('utf8', 0, bytesRead).trim(), uid: stat.uid }
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  } finally {
    await rm(aside, { force: true, recursive: true })
  }
}
