/** `make picture`: draws the pictures of docs/ again, from a lab that runs; that of the relay's menu only as root. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { withUndo } from '../../testbed/undo.ts'
import { takeMenuPicture } from './take-menu-picture.ts'
import { takePicture } from './take-picture.ts'

const pictureAt = (name: string) => join(import.meta.dirname, '../../docs/pictures', name)

await withUndo(async context =>
  writeFile(pictureAt('lab.svg'), await takePicture(context, await scratchDirectory(context))),
)
if (process.getuid?.() === 0) {
  await withUndo(async context => writeFile(pictureAt('ways-in-menu.svg'), await takeMenuPicture(context)))
} else {
  process.stderr.write('docs/pictures/ways-in-menu.svg stays as it is: its accounts can be made by root alone\n')
}
