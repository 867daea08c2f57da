/** Makes a temporary folder that is removed at the end of its test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @param context a test's, or anything that undoes things at its end
 * @param parent the folder to make it in
 */
export async function scratchDirectory(
  context: { cleanup(dispose: () => unknown): void },
  parent = tmpdir(),
): Promise<string> {
  const path = await mkdtemp(join(parent, 'oobm-'))
  // Retries, because a program that was started in it may still be writing a file.
  context.cleanup(() => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  return path
}
