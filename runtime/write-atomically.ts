/** Replaces files and links so that no reader, and no power cut, ever sees half of one, and nobody else's link is followed. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { constants, type FileHandle, lstat, open, readdir, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from './errors.ts'
import { isSystemError } from './unexpected.ts'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/**
 * Writes beside the file, syncs, renames over it, and syncs the folder. In a folder of somebody else, also as root, it follows
 * no link that they have put there, and writes to nothing that was there before.
 * @param mode permission bits of the new file, whatever the old one had and whatever the umask is
 * @throws a system error; the old file then stands as it was, and nothing is left beside it
 */
export async function writeAtomically(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await replace(path, async (temporary, folder) => {
    // Nobody reads what is half written, and the kernel applies the umask to this mode.
    const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      await file.writeFile(content)
      await keepOwner(path, file, folder)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/** Points a link elsewhere, in one step. */
export async function replaceLink(path: string, target: string): Promise<void> {
  await replace(path, temporary => symlink(target, temporary))
}

/** Puts what was created or removed in a folder on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const folder = await openFolder(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Whether a name is that of a file which a power cut left half written beside `of`, or beside any. */
export function isLeftover(name: string, of?: string): boolean {
  const end = /\.[0-9a-f]+\.new$/.exec(name)
  return end !== null && (of === undefined || name.slice(0, end.index) === of)
}

/** Removes what interrupted writes left in a folder that no other program writes to; none where it is not there. @throws a system error */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
    return []
  })
  for (const name of names) if (isLeftover(name)) await rm(join(folder, name), { force: true })
}

async function replace(path: string, make: (temporary: string, folder: FileHandle) => Promise<void>): Promise<void> {
  const folder = await openFolder(dirname(path))
  // proc_pid_fd(5): this very folder, whatever takes its name meanwhile.
  const held = `/proc/self/fd/${folder.fd}`
  const place = existsSync(held) ? held : dirname(path)
  const temporary = join(place, `${basename(path)}.${randomBytes(12).toString('hex')}.new`)
  try {
    await make(temporary, folder)
    await rename(temporary, join(place, basename(path)))
    await folder.sync()
  } catch (err) {
    await rm(temporary, { force: true }).catch(() => {})
    if (err instanceof Error) err.message = err.message.replaceAll(place, dirname(path))
    // What failed is the file that was asked for, not the one beside it.
    if (isSystemError(err)) err.path = path
    throw err
  } finally {
    await folder.close()
  }
}

/** Follows a link to a folder only where root or this user made it: see symlink(7) and fs.protected_symlinks in proc(5). */
async function openFolder(path: string): Promise<FileHandle> {
  try {
    return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  } catch (err) {
    const link = await lstat(path).catch(() => undefined)
    if (!link?.isSymbolicLink() || ![0, process.getuid?.()].includes(link.uid)) throw err
  }
  return open(path, O_RDONLY | O_DIRECTORY)
}

/** What root writes for somebody stays theirs: their file in their own folder. Elsewhere an owner may be a trap for a secret. */
async function keepOwner(path: string, file: FileHandle, folder: FileHandle): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid } = await folder.stat()
  // Root's own needs no chown(2), which the sandbox of a unit may forbid.
  if (uid === 0) return
  const there = await lstat(path).catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
  })
  if (there?.isFile() && there.uid === uid) await file.chown(there.uid, there.gid)
}
