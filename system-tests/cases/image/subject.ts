/** `image`: a card image on an emulated board, with a real relay and a technician. */
import { builtImage } from '../../card/built-image.ts'
import type { Subject } from '../../case.ts'
import { BOARDS, boardOf, hasKvm } from '../../machine/boards.ts'
import { powerCuts } from '../power-cuts.ts'
import { checkDrivers } from './drivers.ts'
import { makeNetwork } from './network.ts'
import { imageTarget } from './power-cuts.ts'
import { RELAY_ADDRESS } from './relay.ts'
import { makeStage, type Stage } from './scene.ts'
import { STORY } from './story.ts'

export const IMAGE: Subject<Stage> = {
  name: 'image',
  about: 'the card image on an emulated board, from no file on it to an upgrade, with a relay and a technician',
  on: BOARDS,
  isolated: true,
  cases: ({ cuts }) => [
    { name: 'drivers', run: checkDrivers },
    ...STORY,
    powerCuts(cuts, (stage, steps) => imageTarget({ ...stage, steps })),
  ],
  setUp: async run => {
    const board = BOARDS.find(name => name === run.options.on)
    if (board === undefined) throw new Error(`${run.options.on} is no board`)
    const image = builtImage(board)
    await makeNetwork(run, [RELAY_ADDRESS])
    return makeStage(boardOf(board, hasKvm()), image, run)
  },
}
