/** What follows `ssh CONSOLE`: one of the commands that the asker may execute, or why there is none. */
import { EXEC_COMMANDS, EXEC_NAMES, type ExecCommand, type ExecCommandName } from '../../formats/exec-commands.ts'
import { type ExecProblem, parseExec } from '../../formats/parse-exec.ts'
import type { Asker } from './visit.ts'

export function readCommand(line: string, asker: Asker): ExecCommand | ExecProblem {
  const read = parseExec(
    line,
    EXEC_NAMES.filter(name => EXEC_COMMANDS[name].access !== 'device' || asker.isDevice),
  )
  if ('problem' in read || mayExecute(read.name, asker)) return read
  return { problem: `"${read.name}" is not available through the relay` }
}

/** The commands that this asker may execute. */
export function namesFor(asker: Asker): ExecCommandName[] {
  return EXEC_NAMES.filter(name => mayExecute(name, asker))
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
