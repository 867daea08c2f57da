/** One file that equipment puts: written beside its place, and there under its name only when it is whole. */
import { constants, type FileHandle, link, open, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { nameProblem } from '../../formats/file-drop.ts'
import { errorCode } from '../../runtime/errors.ts'
import { syncDirectory } from '../../runtime/write-atomically.ts'

export type RefusalCode = 'name' | 'full'

export interface Upload {
  /** @throws UploadRefused `full`; a system error */
  write(bytes: Uint8Array): Promise<void>
  /** Puts it on the disk. @returns its name: with a number where one of that name is there @throws UploadRefused `full` */
  keep(): Promise<string>
  /** Removes what there is of it; does nothing after `keep`. */
  drop(): Promise<void>
}

export interface UploadPlace {
  folder: string
  /** Of ours, to which it is sent: each has a program of its own. */
  address: string
}

/** What equipment is told, in words. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Uploads of one address at a time: as many names of unfinished files are tried. */
const PARTS_MAX = 128
/** Files of one name, which a device that saves its configuration each night makes. */
const SAME_MAX = 999
/** Administrators read it, by the group of its folder; the services cannot. */
const MODE = 0o640

/**
 * @param size bytes that the sender means to send, where it says so
 * @throws UploadRefused; a system error
 */
export async function receiveUpload({ folder, address }: UploadPlace, name: string, size?: number): Promise<Upload> {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new UploadRefused('name', problem)
  const free = await freeBytes(folder)
  if (size !== undefined && size > free)
    throw new UploadRefused('full', `it has ${size} bytes, and ${free} are free here`)
  const { part, handle } = await whereThereIsRoom(() => create(folder, address))
  let isOver = false
  const close = async () => {
    if (isOver) return false
    isOver = true
    await handle.close()
    return true
  }
  return {
    write: bytes => whereThereIsRoom(() => writeAll(handle, bytes)),
    keep: async () => {
      await whereThereIsRoom(async () => {
        await handle.chmod(MODE)
        await handle.sync()
      })
      const kept = await whereThereIsRoom(() => linkBeside(part, folder, name))
      await close()
      await unlink(part)
      await syncFolder(folder)
      return kept
    },
    drop: async () => {
      if (await close()) await unlink(part).catch(() => {})
    },
  }
}

/** Removes what a power cut, or a kill, left of uploads: by their names, since the services cannot list the folder. */
export async function removeParts({ folder, address }: UploadPlace): Promise<void> {
  for (let number = 0; number < PARTS_MAX; number++) await unlink(partPath(folder, address, number)).catch(() => {})
}

function partPath(folder: string, address: string, number: number): string {
  return join(folder, `.part-${address}-${number}`)
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function create(folder: string, address: string): Promise<{ part: string; handle: FileHandle }> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants
  for (let number = 0; number < PARTS_MAX; number++) {
    const part = partPath(folder, address, number)
    try {
      return { part, handle: await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600) }
    } catch (err) {
      if (errorCode(err) !== 'EEXIST') throw err
    }
  }
  throw new UploadRefused('full', `${PARTS_MAX} uploads run already`)
}

/** write(2) may write a part of it before the disk is full. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten
}

/** Never over another one, as rename(2) would be: `NAME.1` is beside `NAME` then. @returns the name that it got */
async function linkBeside(part: string, folder: string, name: string): Promise<string> {
  for (let number = 0; number <= SAME_MAX; number++) {
    const free = number === 0 ? name : `${name}.${number}`
    try {
      await link(part, join(folder, free))
      return free
    } catch (err) {
      if (errorCode(err) !== 'EEXIST') throw err
    }
  }
  throw new UploadRefused('full', `${SAME_MAX} files of this name are there already`)
}

async function whereThereIsRoom<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(err) ?? ''))
      throw new UploadRefused('full', 'no room is left for uploads')
    throw err
  }
}

/** The folder lets its owner in, but not list it: then the file is synced, and its name a moment later. */
async function syncFolder(folder: string): Promise<void> {
  await syncDirectory(folder).catch(err => {
    if (errorCode(err) !== 'EACCES') throw err
  })
}
