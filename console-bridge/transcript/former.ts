/** Transcripts of consoles that are not configured any more: kept for as long as all others, then removed. */
import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'
import { type Segment, segmentsIn } from './segments.ts'

/** @returns their files, the oldest first */
export async function formerSegments(directory: string, consoles: readonly string[]): Promise<Segment[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
    return []
  })
  const former = entries.filter(entry => entry.isDirectory() && !consoles.includes(entry.name))
  const found = await Promise.all(former.map(({ name }) => segmentsIn(join(directory, name))))
  return found.flat().sort((a, b) => a.changedMs - b.changedMs)
}

/**
 * Removes those that are too old, or too much.
 * @param beforeMs milliseconds since 1970 @param boundBytes of all together
 * @returns bytes that are left
 */
export async function dropFormer(
  directory: string,
  consoles: readonly string[],
  beforeMs: number,
  boundBytes: number,
): Promise<number> {
  const segments = await formerSegments(directory, consoles)
  let left = segments.reduce((sum, { start, end }) => sum + end - start, 0)
  for (const { path, start, end, changedMs } of segments) {
    if (changedMs >= beforeMs && left <= boundBytes) continue
    await rm(path, { force: true })
    // Only an empty one goes.
    await rmdir(join(path, '..')).catch(() => {})
    left -= end - start
  }
  return left
}
