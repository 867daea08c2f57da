/** `ways.json` in the state directory: which way was proved on which network. A file that cannot be read is as good as none. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { RUNGS } from '../../transport/way.ts'
import type { WayMemory } from './ways.ts'

const fileSchema = z.object({
  version: z.literal(1),
  networks: z.array(z.tuple([z.string(), z.enum(RUNGS)])),
  certificates: z.array(z.tuple([z.string(), z.object({ fingerprint: z.string(), issuer: z.string() })])),
})

export async function readWayMemory(directory: string, log: Logger): Promise<WayMemory> {
  try {
    const { networks, certificates } = fileSchema.parse(JSON.parse(await readFile(pathIn(directory), 'utf8')))
    return { networks: new Map(networks), certificates: new Map(certificates) }
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') log.warn({ err }, 'the ways that were proved before are not known')
    return { networks: new Map(), certificates: new Map() }
  }
}

export async function writeWayMemory(directory: string, { networks, certificates }: WayMemory): Promise<void> {
  const content = { version: 1, networks: [...networks], certificates: [...certificates] }
  await writeAtomically(pathIn(directory), `${JSON.stringify(content)}\n`, 0o600)
}

function pathIn(directory: string): string {
  return join(directory, 'ways.json')
}
