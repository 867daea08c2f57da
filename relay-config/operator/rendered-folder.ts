/** Writes the folder of `oobm-relay render`: replaces every file as a whole, and removes those that are no longer wanted. */
import { mkdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { RenderedFile } from '../fleet/render/rendered-files.ts'

/** Lists our files, so that nothing else in the folder is ever removed. */
const MANIFEST = '.rendered'

export interface FolderChange {
  path: string
  change: 'written' | 'unchanged' | 'removed'
}

/** Makes the folder, if it is missing, and writes `files` into it. */
export async function updateRenderedFolder(
  folder: string,
  files: ReadonlyMap<string, RenderedFile>,
): Promise<FolderChange[]> {
  await mkdir(folder, { recursive: true })
  const manifest = join(folder, MANIFEST)
  const earlier = (await readText(manifest))?.split('\n').filter(isOurs) ?? []
  // Lists both until everything is done, so that the next run knows the files of an interrupted one.
  await writeAtomically(manifest, `${[...new Set([...earlier, ...files.keys()])].join('\n')}\n`, 0o644)
  const changes: FolderChange[] = []
  for (const [path, file] of files) changes.push({ path, change: await updateFile(join(folder, path), file) })
  for (const path of earlier.filter(path => !files.has(path))) {
    await rm(join(folder, path), { force: true })
    await rmdir(dirname(join(folder, path))).catch(() => {})
    changes.push({ path, change: 'removed' })
  }
  await writeAtomically(manifest, `${[...files.keys()].join('\n')}\n`, 0o644)
  return changes
}

async function updateFile(path: string, { content, mode }: RenderedFile): Promise<FolderChange['change']> {
  if ((await readText(path)) === content && ((await stat(path)).mode & 0o777) === mode) return 'unchanged'
  await mkdir(dirname(path), { recursive: true })
  await writeAtomically(path, content, mode)
  return 'written'
}

/** Ignores paths outside of the folder, in a manifest that somebody edited. */
function isOurs(path: string): boolean {
  return /^(relay|technicians)\/[a-z0-9][a-z0-9._-]*\/[a-z_-]+(\.[a-z]+)?$/.test(path)
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
}
