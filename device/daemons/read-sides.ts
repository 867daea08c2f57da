/** On which side each address of this device is, as `oobm-sides` wrote it. */
import { readFile } from 'node:fs/promises'
import { sidesPath } from '../../formats/directories.ts'
import { type Sides, sidesSchema } from '../../formats/sides.ts'

/** @returns undefined where nobody says: the file goes when its writer ends */
export async function readSides(env: NodeJS.ProcessEnv): Promise<Sides | undefined> {
  try {
    return sidesSchema.parse(JSON.parse(await readFile(sidesPath(env), 'utf8')))
  } catch {
    return undefined
  }
}
