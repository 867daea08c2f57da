/** The bridge's own host key, for `oobm console` on the device itself: a file that lives as long as this process. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../runtime/write-atomically.ts'

/** @param hostKey the bridge's public host key */
export async function offerKnownHosts(directory: string, port: number, hostKey: string): Promise<() => Promise<void>> {
  const file = join(directory, 'known_hosts')
  await writeAtomically(file, `[127.0.0.1]:${port} ${hostKey}\n`, 0o644)
  return () => rm(file, { force: true })
}
