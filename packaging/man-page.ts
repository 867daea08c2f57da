/** oobm-relay(1): the page in man/, filled from the program's own table of words. */

import type { CommandOption } from '../cli/option.ts'
import { COMMANDS, COMMON } from '../relay-config/operator/commands/all-commands.ts'

/**
 * @param template man/oobm-relay.1
 * @param date of the page
 * @returns mdoc(7)
 */
export function manPage(template: string, date: Date): string {
  const words = Object.entries(COMMANDS).flatMap(([word, { usage, summary, options }]) => [
    `.It Ic ${roff(word)}`,
    roff(sentence(summary)),
    '.Bd -literal -compact',
    ...usage.split('\n').map(form => roff(`oobm-relay ${word} ${form}`.trimEnd())),
    '.Ed',
    ...(Object.keys(options).length === 0 ? [] : ['.Bl -tag -width Ds -compact', ...optionLines(options), '.El']),
  ])
  return template
    .replace('@DATE@', pageDate(date))
    .replace('@COMMANDS@', () => words.join('\n'))
    .replace('@COMMON@', () => optionLines(COMMON).join('\n'))
}

function optionLines(options: Record<string, CommandOption>): string[] {
  return Object.entries(options).flatMap(([name, { short, value, help }]) => {
    const flags = short === undefined ? `.Fl \\-${roff(name)}` : `.Fl ${short} , \\-${roff(name)}`
    return [`.It ${flags.slice(1)}${value === undefined ? '' : ` Ar "${roff(value)}"`}`, roff(sentence(help ?? ''))]
  })
}

/** As mdoc(7) wants it after `.Dd`. */
export function pageDate(date: Date): string {
  const month = date.toLocaleString('en-US', { month: 'long', timeZone: 'UTC' })
  return `${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
}

export function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}

/** A hyphen that is to be copied stays one, and no line is taken for a request. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^([.'])/, '\\&$1')
}
