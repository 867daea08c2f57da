/** What was proved last, in a file of the supervisor alone, because a private key is in it: it outlives a restart, and a metadata address that does not answer. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { isLeftover, writeAtomically } from '../../runtime/write-atomically.ts'
import type { Destination } from './read-userdata.ts'

const NAME = 'userdata.json'

const keptSchema = z.object({
  version: z.literal(1),
  destinations: z.array(z.object({ host: z.string(), remotePort: z.int(), privateKey: z.string().optional() })),
})

/** None where there is none, or a damaged one: the relays of the configuration are there. */
export async function readKept(state: string, log: Logger): Promise<Destination[]> {
  await removeHalves(state).catch(() => {})
  try {
    const { destinations } = keptSchema.parse(JSON.parse(await readFile(join(state, NAME), 'utf8')))
    return destinations.map(({ host, remotePort, privateKey }) => ({ host, remotePort, privateKey }))
  } catch (err) {
    // Its own message may quote the key.
    if (errorCode(err) !== 'ENOENT') log.warn({ file: join(state, NAME) }, 'the userdata that was kept cannot be read')
    return []
  }
}

/** @throws a system error */
export async function writeKept(state: string, destinations: readonly Destination[]): Promise<void> {
  if (destinations.length === 0) return removeKept(state)
  await writeAtomically(join(state, NAME), JSON.stringify({ version: 1, destinations }), 0o600)
}

export async function removeKept(state: string): Promise<void> {
  await removeHalves(state)
  await rm(join(state, NAME), { force: true })
}

/** A power cut may have left a key behind. */
async function removeHalves(state: string): Promise<void> {
  for (const name of await readdir(state).catch(() => []))
    if (isLeftover(name, NAME)) await rm(join(state, name), { force: true })
}
