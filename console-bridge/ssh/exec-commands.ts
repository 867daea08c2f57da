/** What follows `ssh CONSOLE`, read by the table of exec commands: one of them, or why there is none. */
import {
  EXEC_COMMANDS,
  type ExecCommandName,
  isExecCommand,
  takesArguments,
  usageOf,
} from '../../formats/exec-commands.ts'

export interface ExecCommand {
  name: ExecCommandName
  args: string[]
}

/** Who asks. */
export interface Asker {
  /** Logged in at the relay. */
  viaRelay: boolean
  /** Root and the supervisor. */
  isDevice: boolean
}

/** @returns the command, or a sentence that says what is wrong */
export function parseCommand(line: string, asker: Asker): ExecCommand | string {
  const [name = '', ...args] = line.trim().split(/\s+/)
  if (!isExecCommand(name) || (EXEC_COMMANDS[name].access === 'device' && !asker.isDevice)) {
    return `unknown command "${name.slice(0, 40)}"`
  }
  if (!mayExecute(name, asker)) return `"${name}" is not available through the relay`
  return takesArguments(name, args) ? { name, args } : `invalid arguments; usage: ${usageOf(name)}`
}

/** One line for each command that this asker may execute. */
export function commandsHelp(asker: Asker): string[] {
  const prefix = asker.viaRelay ? 'ssh NAME@RELAY CONSOLE' : 'ssh CONSOLE'
  const names = (Object.keys(EXEC_COMMANDS) as ExecCommandName[]).filter(name => mayExecute(name, asker))
  const rows = [['', 'open the console'], ...names.map(name => [usageOf(name), EXEC_COMMANDS[name].help])]
  const width = Math.max(...rows.map(([usage = '']) => usage.length))
  return rows.map(([usage = '', help]) => `${prefix} ${usage.padEnd(width)}  ${help}`)
}

function mayExecute(name: ExecCommandName, { viaRelay, isDevice }: Asker): boolean {
  const { access } = EXEC_COMMANDS[name]
  switch (access) {
    case 'any':
      return true
    case 'own-key':
      return !viaRelay
    case 'device':
      return isDevice
    default:
      return access satisfies never
  }
}
