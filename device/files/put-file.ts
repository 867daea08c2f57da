/** Puts a file into the read directory: there under its name only when it is whole, and never more than there is room for. */
import { constants, type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { nameProblem } from '../../formats/file-drop.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { syncDirectory } from '../../runtime/write-atomically.ts'
import { sizeText } from './amounts.ts'

export interface PutPlace {
  /** The read directory. */
  folder: string
  name: string
  /** Whether a file of that name may be replaced. */
  isReplacing: boolean
}

const CHUNK_BYTES = 262_144
/** Equipment reads what everybody may read. */
const MODE = 0o644

/** @returns its size @throws UserError */
export async function putFile(
  from: string,
  place: PutPlace,
  { signal, onBytes }: { signal: AbortSignal; onBytes(done: number, size: number): void },
): Promise<number> {
  await checkPlace(place)
  // A pipe has no size that could be compared with the room.
  const source = await open(from, constants.O_RDONLY | constants.O_NONBLOCK)
  const part = join(place.folder, `.${place.name}.${process.pid}.part`)
  try {
    const facts = await source.stat()
    if (!facts.isFile()) throw new UserError(`${from} is no file`, EXIT.usage)
    await checkRoom(place.folder, facts.size, from)
    const target = await open(
      part,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
    try {
      await copy(source, target, signal, done => onBytes(done, facts.size))
      await target.chmod(MODE)
      await target.sync()
    } finally {
      await target.close()
    }
    await rename(part, join(place.folder, place.name))
    await syncDirectory(place.folder)
    return facts.size
  } catch (err) {
    throw inWords(err, place.folder)
  } finally {
    await source.close()
    await rm(part, { force: true }).catch(() => {})
  }
}

/** @throws UserError where no file can be put there under this name */
export async function checkPlace({ folder, name, isReplacing }: PutPlace): Promise<void> {
  const problem = nameProblem(name)
  if (problem !== undefined)
    throw new UserError(`the name "${name}" cannot be used: ${problem}; use --name NAME`, EXIT.usage)
  const there = await stat(join(folder, name)).catch(() => undefined)
  if (there?.isDirectory()) throw new UserError(`${name} is a folder`, EXIT.usage)
  if (there && !isReplacing) throw new UserError(`${name} is there already (${sizeText(there.size)}); use --replace`)
}

/** @throws UserError */
export async function checkRoom(folder: string, size: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (size <= free) return
  throw new UserError(
    `${basename(what)} has ${sizeText(size)}, and ${sizeText(free)} are free for files; remove some ("oobm files list"), or give them more room (files.read_mib)`,
  )
}

async function copy(source: FileHandle, target: FileHandle, signal: AbortSignal, onBytes: (done: number) => void) {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let done = 0; ; ) {
    if (signal.aborted) throw new UserError('interrupted: nothing was put')
    const { bytesRead } = await source.read(chunk, 0, chunk.length, done)
    if (bytesRead === 0) return
    for (let written = 0; written < bytesRead; )
      written += (await target.write(chunk, written, bytesRead - written)).bytesWritten
    done += bytesRead
    onBytes(done)
  }
}

/** What people cannot be expected to know of a system error. */
export function inWords(err: unknown, folder: string): unknown {
  const code = errorCode(err)
  if (code === 'ENOSPC')
    return new UserError(`no room is left in ${folder}: nothing was put`, EXIT.failed, { cause: err })
  if (code === 'EACCES' || code === 'EPERM')
    return new UserError(
      `${folder}: only administrators of this device may change it, while files are served ("oobm files")`,
      EXIT.failed,
      { cause: err },
    )
  return err
}
