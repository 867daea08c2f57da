/** What a file says, read again only when the file was replaced: who follows a fleet looks at thousands every few seconds. */
import { lstat } from 'node:fs/promises'

/** By path. Those who look once need none. */
export type KnownFiles = Map<string, { stamp: string; value: unknown }>

/** @param read gives the same for as long as the file is the same: these files are replaced, or grow */
export async function readUnchanged<T>(
  known: KnownFiles | undefined,
  path: string,
  read: () => Promise<T>,
): Promise<T> {
  if (known === undefined) return read()
  const stamp = await lstat(path).then(
    ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
    () => 'none',
  )
  const before = known.get(path)
  if (before?.stamp === stamp) return before.value as T
  const value = await read()
  // If it was replaced meanwhile, its stamp differs at the next look.
  known.set(path, { stamp, value })
  return value
}
