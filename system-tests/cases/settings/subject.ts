/** `settings`: signed settings that arrive at the image through a real relay, and power cuts until they are decided. */
import { builtImage } from '../../card/built-image.ts'
import type { Subject } from '../../case.ts'
import { makeNetwork } from '../image/network.ts'
import { RELAY_ADDRESS } from '../image/relay.ts'
import { powerCuts } from '../power-cuts.ts'
import { SECOND_ADDRESS } from './documents.ts'
import { settingsTarget } from './power-cuts.ts'
import { makeStage, type Stage } from './stage.ts'

export const SETTINGS: Subject<Stage> = {
  name: 'settings',
  about: 'settings from afar on the image: power cuts from their arrival to the end of their trial',
  on: ['vm'],
  isolated: true,
  cases: ({ cuts }) => [powerCuts(cuts, settingsTarget)],
  setUp: async run => {
    const image = builtImage('vm')
    await makeNetwork(run, [RELAY_ADDRESS, SECOND_ADDRESS])
    return makeStage(image, run)
  },
}
