/** `make picture`: draws docs/pictures/lab.svg from a lab that runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { takePicture } from './take-picture.ts'

const PICTURE = join(import.meta.dirname, '../../docs/pictures/lab.svg')

const folder = await mkdtemp('/tmp/oobm-picture-')
const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })]
try {
  const picture = await takePicture({ cleanup: one => undo.push(one), onFailure: () => {} }, folder)
  await writeFile(PICTURE, picture)
} finally {
  for (const one of undo.reverse()) await one()
}
