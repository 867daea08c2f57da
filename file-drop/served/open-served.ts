/** Opens what equipment asks for, and nothing that is outside the read directory. */
import type { Stats } from 'node:fs'
import { constants, type FileHandle, open, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'
import { servedPath } from './served-path.ts'

export type Opened =
  | { kind: 'file'; handle: FileHandle; name: string; size: number; mtimeMs: number }
  | { kind: 'folder'; path: string; name: string }
  | { kind: 'refused'; why: string; isDenied: boolean }

/**
 * Whoever gets a file closes its handle. A link is followed where it leads to a file below `root`: the kernel says where
 * the descriptor is (proc_pid_fd(5)), so nobody can change a link between a look and the opening.
 * @param asked as it was decoded, once
 * @throws a system error that is no answer to equipment
 */
export async function openServed(root: string, asked: string): Promise<Opened> {
  const path = servedPath(asked)
  if ('why' in path) return refused(path.why, true)
  const name = path.segments.join('/')
  let handle: FileHandle
  try {
    // O_NONBLOCK: the opening of a pipe would wait for somebody who writes to it.
    handle = await open(join(root, ...path.segments), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (err) {
    const code = errorCode(err) ?? ''
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)) return refused('no such file', false)
    if (['EACCES', 'EPERM', 'ENXIO'].includes(code)) return refused('the file is not for everybody to read', true)
    throw err
  }
  try {
    const [real, base, facts] = await Promise.all([
      readlink(`/proc/self/fd/${handle.fd}`),
      realpath(root),
      handle.stat(),
    ])
    const isInside = real === base || real.startsWith(`${base}/`)
    const answer = judge(isInside ? real.slice(base.length + 1) : undefined, facts)
    if (answer === 'file') {
      const { size, mtimeMs } = facts
      return { kind: 'file', handle, name, size, mtimeMs }
    }
    await handle.close()
    return answer === 'folder' ? { kind: 'folder', path: real, name } : answer
  } catch (err) {
    await handle.close().catch(() => {})
    throw err
  }
}

function judge(inside: string | undefined, facts: Stats) {
  if (inside === undefined) return refused('the link leads out of the read directory', true)
  // What it is called is asked once more, of the place that it really has.
  const again = servedPath(inside)
  if ('why' in again) return refused(again.why, true)
  if ((facts.mode & 0o004) === 0) return refused('the file is not for everybody to read', true)
  if (facts.isFile()) return 'file'
  return facts.isDirectory() ? 'folder' : refused('no such file', false)
}

function refused(why: string, isDenied: boolean): Opened & { kind: 'refused' } {
  return { kind: 'refused', why, isDenied }
}
