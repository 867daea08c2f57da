/** A temporary folder that goes away with its test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @param context a test's, or anything that undoes things at its end */
export async function scratchDirectory(context: { cleanup(dispose: () => unknown): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oobm-'))
  context.cleanup(() => rm(path, { recursive: true, force: true }))
  return path
}
