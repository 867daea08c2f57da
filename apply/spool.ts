/** The folder where documents are put: members of a group write there, so that nothing in it is trusted. */
import { randomBytes } from 'node:crypto'
import { readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { documentError } from '../formats/settings-document.ts'
import { errorCode } from '../runtime/errors.ts'
import { isLeftover } from '../runtime/write-atomically.ts'
import { readDocument } from './read-document.ts'

/** What somebody put there: a document that is read, or why not. It is gone from the folder. */
export type Taken = { name: string; bytes: Buffer } | { name: string; error: unknown }

/** `NAME.settings`; anything else asks for something that this program does not do. */
const REQUEST = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.settings$/

/**
 * Takes each file away, in the order of their names; not those that are still being written beside their place.
 * @param aside a folder of our own for what cannot be removed
 */
export async function* takeRequests(spool: string, aside: string): AsyncGenerator<Taken> {
  for (const name of (await namesIn(spool)).sort()) {
    if (isLeftover(name)) continue
    const path = join(spool, name)
    let taken: Taken
    try {
      if (!REQUEST.test(name)) throw documentError(shown(name), 'is no request that oobm-apply knows: NAME.settings is')
      taken = { name, bytes: await readDocument(path, name) }
    } catch (error) {
      taken = { name: shown(name), error }
    }
    await discard(path, aside)
    yield taken
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return []
    throw err
  }
}

/** A folder is moved away, not emptied: whoever made it could lead a removal elsewhere by a link. */
async function discard(path: string, aside: string): Promise<void> {
  try {
    await unlink(path)
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return
    if (errorCode(err) !== 'EISDIR' && errorCode(err) !== 'EPERM') throw err
    await rmdir(path).catch(() => rename(path, join(aside, `refused-${randomBytes(6).toString('hex')}`)))
  }
}

function shown(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '?').slice(0, 80)
}
