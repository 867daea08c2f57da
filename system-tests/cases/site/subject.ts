/** `site`: the image with two network cards and a sound card, and what people beside it do: roles of a wired port, power, the voice. */
import { builtImage } from '../../card/built-image.ts'
import type { Subject } from '../../case.ts'
import { POWER } from './power.ts'
import { ROLE_CASES, ROUTER } from './roles.ts'
import { type Stage, startBoard } from './start.ts'
import { VOICE } from './voice.ts'

export const SITE: Subject<Stage> = {
  name: 'site',
  about:
    'the image with two network cards and a sound card: who reaches what in each role of a wired port, the page, an outlet, the voice',
  on: ['vm'],
  isolated: true,
  cases: () => [...ROLE_CASES, POWER, VOICE, ROUTER],
  setUp: async run => {
    return startBoard(builtImage('vm'), run)
  },
}
