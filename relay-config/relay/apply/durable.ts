/** Makes folders that are complete or missing, also after a power cut: write, sync, sync the folder. */
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '../../../runtime/errors.ts'
import { syncDirectory } from '../../../runtime/write-atomically.ts'

/**
 * Makes a folder and its parents, and syncs each into the one above it.
 * @returns false if it existed
 */
export async function makeDirectory(path: string, mode = 0o755): Promise<boolean> {
  try {
    await mkdir(path, { mode })
  } catch (err) {
    if (errorCode(err) === 'EEXIST') return false
    if (errorCode(err) !== 'ENOENT') throw err
    await makeDirectory(dirname(path))
    return makeDirectory(path, mode)
  }
  await syncDirectory(dirname(path))
  return true
}

/** Writes files below a new folder, and syncs them and every folder on the way. */
export async function writeTree(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const folders = new Set([folder])
  for (const [path, content] of files) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    for (let above = dirname(target); above !== folder; above = dirname(above)) folders.add(above)
    const file = await open(target, 'wx', 0o644)
    try {
      await file.writeFile(content)
      // Whatever the umask is.
      await file.chmod(0o644)
      await file.sync()
    } finally {
      await file.close()
    }
  }
  for (const each of folders) {
    const directory = await open(each, 'r')
    try {
      await directory.chmod(0o755)
      await directory.sync()
    } finally {
      await directory.close()
    }
  }
}

export function ignoreMissing(err: unknown): undefined {
  if (errorCode(err) === 'ENOENT') return undefined
  throw err
}
