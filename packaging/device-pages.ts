/** oobm(1), filled from the program's commands and states. */
import { sentence } from '../cli/help.ts'
import { PROGRAM } from '../device/commands/all-commands.ts'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import { manPage, roff } from './man-page.ts'

/**
 * @param template man/oobm.1
 * @returns mdoc(7)
 */
export function oobmPage(template: string, date: Date): string {
  const states = STATE_NAMES.flatMap(state => {
    const { looks, meaning, remedy } = STATES[state]
    return [`.It Em ${roff(state)} Pq ${roff(looks)}`, roff(sentence(meaning)), roff(`On site: ${remedy}.`)]
  })
  return manPage(template, PROGRAM, date, { STATES: states })
}
