/** The FAT partition that any PC can write: reads it, writes on it for a moment, and takes secrets off it. */
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { errorCode, UserError } from '../../runtime/errors.ts'
import type { BroughtFile } from '../import/take-over.ts'
import { TAKEN_PREFIX } from './find-files.ts'

/** Bytes: a file with fifty technicians and certificates has a tenth of it. */
const LARGEST_FILE = 1024 * 1024

/** @returns the names of its files; undefined when there is no such folder */
export async function listFiles(directory: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(({ name }) => name)
  } catch (err) {
    if (errorCode(err) === 'ENOENT' || errorCode(err) === 'ENOTDIR') return undefined
    throw err
  }
}

export async function readBrought(directory: string, name: string): Promise<BroughtFile> {
  const path = join(directory, name)
  const { size } = await stat(path)
  if (size > LARGEST_FILE) throw new UserError(`${name} is too large for a settings file (${size} bytes)`)
  return { name, bytes: await readFile(path) }
}

/**
 * Runs `work` while the partition can be written, and leaves it read-only if it was.
 * A folder that is no mount point is written as it is.
 */
export async function whileWritable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  if (!(await isMountedReadOnly(directory))) return work()
  await remount(directory, 'rw')
  try {
    return await work()
  } finally {
    await remount(directory, 'ro')
  }
}

/** Without the options of /etc/fstab: its `ro` has precedence over ours, and mount(8) does not report that. */
async function remount(directory: string, how: 'rw' | 'ro'): Promise<void> {
  await spawn('mount', ['--options-source=disable', '-o', `remount,${how},nodev,nosuid,noexec`, directory])
}

/**
 * Erases a file with its content. It is renamed first, so that after a power cut nobody reads half of it, and the next boot
 * goes on. Overwriting puts zeros in the same place of the file system; it cannot reach copies of the old bytes that a flash
 * card keeps, which only a laboratory can read.
 */
export async function eraseFile(directory: string, name: string): Promise<void> {
  const taken = name.toLowerCase().startsWith(TAKEN_PREFIX) ? name : `${TAKEN_PREFIX}${name}`
  if (taken !== name) await rename(join(directory, name), join(directory, taken))
  const file = await open(join(directory, taken), 'r+')
  try {
    const { size } = await file.stat()
    await file.write(Buffer.alloc(size), 0, size, 0)
    await file.sync()
    await file.truncate(0)
    await file.sync()
  } finally {
    await file.close()
  }
  await rm(join(directory, taken))
}

/**
 * Replaces a text for people: Windows' line ends, because a bare Notepad is what they have, and a byte order mark, without which
 * many programs take Japanese for another encoding (decision 63).
 */
export async function writeNote(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, name)
  try {
    const file = await open(path, 'w')
    try {
      await file.writeFile(`\ufeff${text.replaceAll('\n', '\r\n')}`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (err) {
    // On a full card: an empty text is worse than none.
    await rm(path, { force: true }).catch(() => {})
    throw err
  }
}

/**
 * proc_pid_mountinfo(5): fields 5 and 6 are the mount point, with spaces as \040, and the mount's own options; the last are
 * the file system's. Inside a unit's ReadWritePaths= the mount is writable, and what is mounted there still is not.
 */
async function isMountedReadOnly(directory: string): Promise<boolean> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map(line => line.split(' '))
  const fields = lines.findLast(([, , , , point]) => point?.replaceAll('\\040', ' ') === directory)
  const options = [fields?.[5], fields?.at(-1)]
  return options.some(list => list?.split(',').includes('ro'))
}
