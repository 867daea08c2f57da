/** The card image that `make image` has built for a board. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BoardName } from '../../image/build/boards.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'

const IMAGES = join(import.meta.dirname, '../../build/image')

/**
 * @returns its folder, with `oobm.img`, `boot/` and `cmdline.txt`
 * @throws UserError where there is none
 */
export function builtImage(board: BoardName): string {
  const folder = join(IMAGES, board)
  if (existsSync(join(folder, 'oobm.img'))) return folder
  throw new UserError(`there is no image for it; run: make image BOARD=${board}`, EXIT.unavailable)
}
