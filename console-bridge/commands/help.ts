/** `ssh core-sw1 help [COMMAND]` */
import { EXEC_COMMANDS, type ExecCommandName, entryOf, optionLabel, usageOf } from '../../formats/exec-commands.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import type { Execute } from './command.ts'
import { namesFor } from './read-command.ts'
import type { Asker } from './visit.ts'

export const helpCommand: Execute<'help'> = async ({ args: { COMMAND } }, { visit, stream }) => {
  if (COMMAND === undefined) {
    await stream.print(...commandsHelp(visit))
    return SESSION_EXIT.ok
  }
  const named = namesFor(visit).filter(name => name === COMMAND || name.startsWith(`${COMMAND} `))
  if (named.length === 0) {
    await stream.complain(`unknown command "${COMMAND}"`, ...commandsHelp(visit))
    return SESSION_EXIT.usage
  }
  await stream.print(...named.flatMap((name, index) => [...(index > 0 ? [''] : []), ...helpOf(name, visit)]))
  return SESSION_EXIT.ok
}

/** One line for each command that this asker may execute. */
export function commandsHelp(asker: Asker): string[] {
  const names = namesFor(asker)
  const rows = [['', 'open the console'], ...names.map(name => [usageOf(name), EXEC_COMMANDS[name].help])]
  return columns(rows, prefixOf(asker))
}

function helpOf(name: ExecCommandName, asker: Asker): string[] {
  const { help, arguments: values = [], options = {}, rest } = entryOf(name)
  return [
    `usage: ${prefixOf(asker)} ${usageOf(name, true)}`,
    `${help.charAt(0).toUpperCase()}${help.slice(1)}.`,
    ...columns(
      [
        ...values.map(({ value, help }) => [value, help]),
        ...Object.entries(options).map(([option, entry]) => [optionLabel(option, entry), entry.help]),
        ...(rest ? [[`-- ${rest.value}`, rest.help]] : []),
      ],
      ' ',
    ),
  ]
}

function columns(rows: string[][], prefix: string): string[] {
  const width = Math.max(...rows.map(([left = '']) => left.length))
  return rows.map(([left = '', right]) => `${prefix} ${left.padEnd(width)}  ${right}`)
}

function prefixOf({ viaRelay }: Asker): string {
  return viaRelay ? 'ssh NAME@RELAY CONSOLE' : 'ssh CONSOLE'
}
