/** The bridge's own host key for `oobm console` on this device: a file that exists as long as this process. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BRIDGE_KNOWN_HOSTS } from '../formats/bridge-login.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'

/** @param hostKey the bridge's public host key */
export async function offerKnownHosts(directory: string, port: number, hostKey: string): Promise<() => Promise<void>> {
  const file = join(directory, BRIDGE_KNOWN_HOSTS)
  await writeAtomically(file, `[127.0.0.1]:${port} ${hostKey}\n`, 0o644)
  return () => rm(file, { force: true })
}
