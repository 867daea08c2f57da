/** The bash completion of a program: the script in completion/, filled from the program's table of commands. */
import {
  type Argument,
  type CommandTable,
  commandsOf,
  everyCommand,
  type Option,
  type Program,
  valueLabel,
} from '../cli/command.ts'
import { everywhere } from '../cli/help.ts'

/** @param template completion/command.bash */
export function bashCompletion<C extends CommandTable<C>>(template: string, program: Program<C>): string {
  const commands = everyCommand(commandsOf(program))
  const optionsOf = (command: C) => ({ ...command.options, ...everywhere(program) })
  const tables = [
    table('commands', [
      ['', Object.keys(commandsOf(program))],
      ...commands.map(([path, command]): Row => [path, Object.keys(command.commands ?? {})]),
    ]),
    table('options', [
      ['', ['--help', '--version']],
      ...commands.map(([path, command]): Row => [path, Object.keys(optionsOf(command)).map(name => `--${name}`)]),
    ]),
    table(
      'value',
      commands.flatMap(([path, command]) =>
        Object.entries(optionsOf(command)).map(([name, option]): Row => [`${path}:--${name}`, offerOf(option)]),
      ),
    ),
    table(
      'argument',
      commands.flatMap(([path, command]) =>
        (command.arguments ?? []).map(
          (argument, index): Row => [argument.isRepeated ? `${path}:*` : `${path}:${index}`, offerOf(argument)],
        ),
      ),
    ),
  ]
  return template
    .replaceAll('@PROGRAM@', program.name)
    .replaceAll('@FUNCTION@', functionName(program.name))
    .replace('@TABLES@', () =>
      tables.map(lines => lines.replaceAll('@FUNCTION@', functionName(program.name))).join('\n\n'),
    )
}

type Row = [key: string, offers: string[]]

/** The values that it may be; else what it is called, for which the script knows names and files. */
function offerOf(value: Option | Argument): string[] {
  return [...(value.choices ?? [valueLabel(value) ?? []].flat())]
}

function functionName(program: string): string {
  return `_${program.replaceAll('-', '_')}`
}

/** A function of bash that prints what belongs to its argument, one a line. */
function table(name: string, rows: Row[]): string {
  const cases = rows
    .filter(([, offers]) => offers.length > 0)
    .map(([key, offers]) => `    ${pattern(key)}) printf '%s\\n' ${offers.map(offer => `'${offer}'`).join(' ')} ;;`)
  return `@FUNCTION@_${name}() {\n  case $1 in\n${cases.join('\n')}\n  esac\n}`
}

/** Any place of an argument is `*`, and stays one. */
function pattern(key: string): string {
  return key.endsWith('*') ? `'${key.slice(0, -1)}'*` : `'${key}'`
}
