/**
 * The folder that people reach by scp and the bridge by its menu. Whoever may write there could put anything under a
 * name: only regular files with one name are taken, and nothing that is there is written to.
 */
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FILE_MAX_BYTES } from '../../formats/exec-commands.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { BoundedFile } from './bounded-file.ts'
import { printable } from './one-file.ts'
import type { Incoming } from './receive-files.ts'

/** Files of one YMODEM transfer: a target that offers files without an end is cancelled. */
const FILES_BOUND = 32
/** Of a file that is not complete. */
const PART = '.part'
/** Numbers behind a name that is taken. */
const NUMBERS = 99
/** People of the group change and remove it, too. */
const MODE = 0o660

export interface SharedFile {
  name: string
  size: number
  /** Milliseconds since 1970. */
  changedAtMs: number
}

export class SharedFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** @returns the files, the newest first, or why they cannot be listed; `others`: how much else is there */
  async list(): Promise<{ files: SharedFile[]; others: number } | string> {
    let names: string[]
    try {
      names = await readdir(this.path)
    } catch (err) {
      return `${this.path} cannot be read: ${errorMessage(err)}`
    }
    const files: SharedFile[] = []
    for (const name of names.filter(name => isPlain(name) && !name.endsWith(PART))) {
      const found = await lstat(join(this.path, name)).catch(() => undefined)
      if (found?.isFile() && found.nlink === 1) files.push({ name, size: found.size, changedAtMs: found.mtimeMs })
    }
    files.sort((a, b) => b.changedAtMs - a.changedAtMs || (a.name < b.name ? -1 : 1))
    return { files, others: names.length - files.length }
  }

  /** Opens a file to send it; the caller closes it. @returns why not, as a sentence */
  async open(name: string): Promise<{ file: FileHandle; size: number } | string> {
    if (!isPlain(name)) return `"${printable(name)}" is no file name: a file of ${this.path}, without folders`
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
    let file: FileHandle
    try {
      // A pipe that nobody writes to would not open otherwise.
      file = await open(join(this.path, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    } catch (err) {
      return whyClosed(name, err)
    }
    const found = await file.stat()
    const why = whyNot(found.isFile(), found.nlink, found.size)
    if (why === undefined) return { file, size: found.size }
    await file.close()
    return `${name} ${why}`
  }

  /** @returns why a file of that name cannot be received; undefined when it can */
  async whyTaken(name: string): Promise<string | undefined> {
    if (!isPlain(name) || name.endsWith(PART)) return `"${printable(name)}" is no file name`
    const found = await lstat(join(this.path, name)).catch(() => undefined)
    return found && `${name} is there already, and is not replaced`
  }

  /**
   * Takes files of a target, under names that are free.
   * @param wanted the name for a file without one @param saved is told of each file that is complete
   */
  incoming(
    wanted: string,
    saved: (file: { name: string; size: number }) => void,
  ): Incoming & { close(): Promise<void> } {
    let name = ''
    let file: BoundedFile | undefined
    let files = 0
    const drop = async () => {
      await file?.close()
      if (file) await rm(file.path, { force: true })
      file = undefined
    }
    return {
      begin: async offered => {
        if (++files > FILES_BOUND) return `the target offers more than ${FILES_BOUND} files`
        name = offered.name === '' ? wanted : safeName(offered.name)
        file = await this.#newFile(`${name}${PART}`)
        return offered.size === undefined ? undefined : file.whyNot(offered.size)
      },
      write: async bytes => file?.write(bytes),
      end: async () => {
        if (!file) return 'no file was begun'
        await file.sync()
        const size = file.bytes
        saved({ name: await this.#keep(file.path, name), size })
        await drop()
        return undefined
      },
      close: drop,
    }
  }

  async #newFile(name: string): Promise<BoundedFile> {
    return free(name, candidate => BoundedFile.create(join(this.path, candidate), MODE)).then(({ made }) => made)
  }

  /** Gives a complete file its name: link(2) never replaces one. */
  async #keep(path: string, name: string): Promise<string> {
    return (await free(name, candidate => link(path, join(this.path, candidate)))).name
  }
}

/** Calls `make` with the name, then with a number behind it, until that is free. @throws the last error */
async function free<T>(name: string, make: (name: string) => Promise<T>): Promise<{ name: string; made: T }> {
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? name : `${name}.${number}`
    try {
      return { name: candidate, made: await make(candidate) }
    } catch (err) {
      if (errorCode(err) !== 'EEXIST' || number === NUMBERS) throw err
    }
  }
}

/** A name in the folder itself, that can be shown and typed. */
function isPlain(name: string): boolean {
  return /^[^./\p{C}][^/\p{C}]{0,199}$/u.test(name) && name.trim() === name
}

/** What a file is called that a target names: never a path, hidden, or an option of a program. */
export function safeName(offered: string): string {
  const last = offered.split(/[/\\]/).at(-1) ?? ''
  const safe = last.replace(/[^A-Za-z0-9._+=@-]/g, '_').replace(/^[.-]+/, '')
  return (safe.endsWith(PART) ? `${safe}_` : safe).slice(0, 100) || 'received'
}

function whyNot(isFile: boolean, links: number, size: number): string | undefined {
  if (!isFile) return 'is no regular file'
  if (links > 1) return 'has a second name (a hard link)'
  if (size === 0) return 'is empty'
  return size > FILE_MAX_BYTES ? `is larger than ${FILE_MAX_BYTES} bytes` : undefined
}

function whyClosed(name: string, err: unknown): string {
  switch (errorCode(err)) {
    case 'ENOENT':
      return `there is no file ${name}`
    case 'ELOOP':
      return `${name} is a link`
    case 'ENXIO':
      return `${name} is no regular file`
    case 'EACCES':
      return `the bridge may not read ${name}: give it to the group, chmod g+r`
    default:
      return `${name} cannot be read: ${errorMessage(err)}`
  }
}
