/** The folder where documents and requests are put: members of a group write there, so that nothing in it is trusted. */
import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { documentError } from '../formats/settings-document.ts'
import { errorCode } from '../runtime/errors.ts'
import { isLeftover } from '../runtime/write-atomically.ts'
import { readDocument } from './read-document.ts'

/** A file that somebody put there. */
export interface Request {
  /** A byte is a character: a name need not be UTF-8. */
  name: string
  path: Buffer
  /** Whose file it is. */
  uid: number
  /** Whether root put it there: the files of others never hold it up. */
  isRoots: boolean
}

/** A document that is read, or why not. It is gone from the folder. */
export type Taken = { name: string; bytes: Buffer } | { name: string; error: unknown }

/** `NAME.settings` is a document, `NAME.request` a request; anything else asks for something that this program does not do. */
const KNOWN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(?:settings|request)$/
/** A folder that could not be removed. It stays where it is: the unit has no rename(2) to another mount point. */
const ASIDE = '.refused-'

/** In the order of their names, root's first; not those that are still being written beside their place. */
export async function requestsIn(spool: string): Promise<Request[]> {
  const names = (await bytesOfNames(spool))
    .map(name => ({ name: name.toString('latin1'), path: Buffer.concat([Buffer.from(`${spool}/`), name]) }))
    .filter(({ name }) => !isLeftover(name) && !name.startsWith(ASIDE))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const requests: Request[] = []
  for (const one of names) {
    const stat = await lstat(one.path).catch(() => undefined)
    if (stat !== undefined) requests.push({ ...one, uid: stat.uid, isRoots: stat.uid === 0 })
  }
  return [...requests.filter(({ isRoots }) => isRoots), ...requests.filter(({ isRoots }) => !isRoots)]
}

/** Whether it asks for a step of a recovery, and brings no document. */
export function isRecovery({ name }: Request): boolean {
  return name.endsWith('.request')
}

/** Reads it, and takes it away. */
export async function takeRequest(request: Request, spool: string): Promise<Taken> {
  const { name, path } = request
  let taken: Taken
  try {
    if (!KNOWN.test(name)) throw documentError(shown(name), 'is no request that oobm-apply knows: NAME.settings is')
    taken = { name, bytes: await readDocument(path, name) }
  } catch (error) {
    taken = { name: shown(name), error }
  }
  await discard(request, spool)
  return taken
}

/** Takes it away without reading it. A folder is not emptied: whoever made it could lead a removal elsewhere by a link. */
export async function discard({ path }: Request, spool: string): Promise<void> {
  try {
    await unlink(path)
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return
    if (errorCode(err) !== 'EISDIR' && errorCode(err) !== 'EPERM') throw err
    await rmdir(path).catch(() => rename(path, `${spool}/${ASIDE}${randomBytes(6).toString('hex')}`))
  }
}

async function bytesOfNames(folder: string): Promise<Buffer[]> {
  try {
    return await readdir(folder, { encoding: 'buffer' })
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return []
    throw err
  }
}

function shown(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '?').slice(0, 80)
}
