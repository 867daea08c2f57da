/** The man page of a program: the page in man/, filled from the program's table of commands. */
import { type CommandTable, everyCommand, type Options, type Program, valueLabel } from '../cli/command.ts'
import { everywhere, optionHelp, sentence, usageLines } from '../cli/help.ts'

/**
 * @param template the page, where `@COMMANDS@` and the like are filled in
 * @param date of the page
 * @param more what else is filled in, by its name
 * @returns mdoc(7)
 */
export function manPage<C extends CommandTable<C>>(
  template: string,
  program: Program<C>,
  date: Date,
  more: Record<string, string[]> = {},
): string {
  const parts: Record<string, string[]> = {
    DATE: [pageDate(date)],
    COMMANDS: Object.entries(program.groups).flatMap(([title, commands]) => [
      `.Ss ${roff(title)}`,
      '.Bl -tag -width Ds',
      ...everyCommand(commands).flatMap(([path, command]) => commandLines(program.name, path, command)),
      '.El',
    ]),
    OPTIONS: optionLines(everywhere(program)),
    ...more,
  }
  return Object.entries(parts).reduce(
    (page, [name, lines]) => page.replace(`@${name}@`, () => lines.join('\n')),
    template,
  )
}

function commandLines<C extends CommandTable<C>>(name: string, path: string, command: C): string[] {
  const { summary, details = [], options = {}, examples = [], exitCodes = {} } = command
  const terms = [
    ...(command.arguments ?? []).flatMap(argument => [
      `.It Ar ${roff(valueLabel(argument) ?? '')}`,
      roff(sentence(argument.help)),
    ]),
    ...optionLines(options),
    ...Object.entries(exitCodes).flatMap(([code, meaning]) => [`.It Exit code ${code}`, roff(meaning)]),
  ]
  return [
    `.It Ic ${roff(path)}`,
    roff(sentence(summary)),
    ...details.flatMap(sentences).map(roff),
    ...literal([...usageLines(name, path, command), ...examples.map(example => `${name} ${example}`)]),
    ...(terms.length === 0 ? [] : ['.Bl -tag -width Ds -compact', ...terms, '.El']),
  ]
}

/** mdoc(7) wants each on a line of its own. */
function sentences(text: string): string[] {
  return text.split(/(?<=[.!?]) (?=[A-Z])/)
}

function literal(lines: string[]): string[] {
  return ['.Bd -literal -compact', ...lines.map(roff), '.Ed']
}

function optionLines(options: Options): string[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const flags = option.short === undefined ? `\\-${roff(name)}` : `${option.short} , \\-${roff(name)}`
    const label = valueLabel(option)
    return [`.It Fl ${flags}${label === undefined ? '' : ` Ar "${roff(label)}"`}`, roff(sentence(optionHelp(option)))]
  })
}

/** As mdoc(7) wants it after `.Dd`. */
export function pageDate(date: Date): string {
  const month = date.toLocaleString('en-US', { month: 'long', timeZone: 'UTC' })
  return `${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
}

/** A hyphen that is to be copied stays one, and no line is taken for a request. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^([.'])/, '\\&$1')
}
