/** oobm(1) and the completion of `oobm`, filled from the program's own commands and states. */
import { COMMANDS } from '../device/commands/all-commands.ts'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import { pageDate, roff, sentence } from './man-page.ts'

/**
 * @param template man/oobm.1
 * @returns mdoc(7)
 */
export function oobmPage(template: string, date: Date): string {
  const commands = [...COMMANDS.values()].flatMap(({ usage, summary }) => [
    `.It Ic ${roff(usage)}`,
    roff(sentence(summary)),
  ])
  const states = STATE_NAMES.flatMap(state => {
    const { looks, meaning, remedy } = STATES[state]
    return [`.It Em ${roff(state)} Pq ${roff(looks)}`, roff(sentence(meaning)), roff(`On site: ${remedy}.`)]
  })
  return template
    .replace('@DATE@', pageDate(date))
    .replace('@COMMANDS@', () => commands.join('\n'))
    .replace('@STATES@', () => states.join('\n'))
}

/** What may follow each command: its options, and what its usage offers; `FILE` and `DIR` are files. */
export function oobmCompletion(template: string): string {
  const cases = [...COMMANDS].map(([command, { usage }]) => {
    const offers = usage
      .slice(command.length)
      .split(/[\s|[\]]+/)
      .map(part => (part.startsWith('FILE') ? 'FILE' : part))
      .filter(part => /^(--)?[a-z][a-z-]*$|^FILE$|^DIR$/.test(part))
    if (/\bSTATE\b/.test(usage)) offers.push(...STATE_NAMES)
    return `    ${command}) echo '${[...new Set(offers)].join(' ')}' ;;`
  })
  return template.replace('@COMMANDS@', () => [...COMMANDS.keys()].join(' ')).replace('@CASES@', () => cases.join('\n'))
}
