/** A temporary folder that goes away with its test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @param context a test's, or anything that undoes things at its end */
export async function scratchDirectory(context: { cleanup(dispose: () => unknown): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oobm-'))
  // What was started in it may still be writing its last file.
  context.cleanup(() => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  return path
}
