/** `site`: the image with two network cards and a sound card, and what people beside it do: roles of a wired port, power, the voice. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Subject } from '../../case.ts'
import { POWER } from './power.ts'
import { ROLE_CASES, ROUTER } from './roles.ts'
import { type Stage, startBoard } from './start.ts'
import { VOICE } from './voice.ts'

const IMAGE = join(import.meta.dirname, '../../../build/image/vm')

export const SITE: Subject<Stage> = {
  name: 'site',
  about:
    'the image with two network cards and a sound card: who reaches what in each role of a wired port, the page, an outlet, the voice',
  on: ['vm'],
  isolated: true,
  cases: () => [...ROLE_CASES, POWER, VOICE, ROUTER],
  setUp: async run => {
    if (!existsSync(join(IMAGE, 'oobm.img')))
      throw new UserError('there is no image for it; run: make image BOARD=vm', EXIT.unavailable)
    return startBoard(IMAGE, run)
  },
}
