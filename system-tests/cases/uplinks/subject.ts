/** `uplinks`: the image with a cable and what may take its place: USB modems and Wi-Fi on a real kernel. */
import { builtImage } from '../../card/built-image.ts'
import type { Case, Subject } from '../../case.ts'
import { makeNetwork } from '../image/network.ts'
import { RELAY_ADDRESS } from '../image/relay.ts'
import { fetchSite } from '../wifi/add-site.ts'
import { HOTSPOT_CASES } from './hotspot.ts'
import { MODEMS, playModem } from './modems.ts'
import { RADIO_CASES } from './radios.ts'
import { type Stage, startBoard } from './start.ts'
import { SETTINGS_CASES } from './wifi-settings.ts'

export const UPLINKS: Subject<Stage> = {
  name: 'uplinks',
  about:
    'the ways out of the image: USB modems and Wi-Fi in the place of a cable, two access points of one network, settings from afar that change the Wi-Fi, the board as a hotspot',
  on: ['vm'],
  isolated: true,
  fetch: fetchSite,
  cases: () => [
    ...MODEMS.map(
      (modem): Case<Stage> => ({ name: modem.name, run: (stage, steps) => playModem(stage, modem, steps) }),
    ),
    ...RADIO_CASES,
    ...SETTINGS_CASES,
    ...HOTSPOT_CASES,
  ],
  setUp: async run => {
    const image = builtImage('vm')
    await makeNetwork(run, [RELAY_ADDRESS])
    return startBoard(image, run)
  },
}
