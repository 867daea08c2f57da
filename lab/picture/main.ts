/** `make picture`: draws docs/pictures/lab.svg from a lab that runs. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { withUndo } from '../../testbed/undo.ts'
import { takePicture } from './take-picture.ts'

const PICTURE = join(import.meta.dirname, '../../docs/pictures/lab.svg')

await withUndo(async context => writeFile(PICTURE, await takePicture(context, await scratchDirectory(context))))
