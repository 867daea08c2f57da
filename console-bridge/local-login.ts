/** Lets `oobm console` on the device itself in: a key that lives as long as this process, readable by its group. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { newKeyPair } from '../runtime/private-key.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { LOCAL } from './console/person.ts'
import type { Technician } from './ssh/authorize.ts'

/**
 * Writes `local_key` and `known_hosts`.
 * @param hostKey the bridge's public host key
 * @returns whoever logs in with that key: `local`, who may type at every console
 */
export async function offerLocalLogin(
  directory: string,
  port: number,
  hostKey: string,
): Promise<{ technician: Technician; withdraw(): Promise<void> }> {
  const { privateKey, publicKey } = newKeyPair('oobm console')
  const keyFile = join(directory, 'local_key')
  const hostsFile = join(directory, 'known_hosts')
  await writeAtomically(hostsFile, `[127.0.0.1]:${port} ${hostKey}\n`, 0o644)
  await writeAtomically(keyFile, privateKey, 0o640)
  return {
    technician: { name: LOCAL, keys: [publicKey], role: 'operator', consoles: undefined, viaRelay: [], hopKeys: [] },
    withdraw: async () => {
      for (const file of [keyFile, hostsFile]) await rm(file, { force: true })
    },
  }
}
