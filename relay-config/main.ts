/** `oobm-relay`: turns one fleet file into all that relays, devices and technicians need. */
import { dirname, join } from 'node:path'
import { commandsOf } from '../cli/command.ts'
import { type CommandLine, runCommandLine } from '../cli/read-command-line.ts'
import { errorMessage } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import type { Command } from './operator/command.ts'
import { PROGRAM } from './operator/commands/all-commands.ts'
import { refuseApplied } from './operator/fleet-file.ts'
import { goToRelay, isHere, requireReadable } from './operator/remote/at-relay.ts'
import { defaultFleetFile, relayPaths } from './relay/relay-paths.ts'

void runMain(signal => {
  const argv = process.argv.slice(2)
  const work = () => runCommandLine(PROGRAM, argv.length === 0 ? ['--help'] : argv, print, line => run(line, signal))
  const command = Object.entries(commandsOf(PROGRAM)).find(([name]) => name === argv[0])?.[1]
  return command?.onFailure === undefined ? work() : orSay(work, command.onFailure)
})

async function orSay(work: () => Promise<number>, onFailure: NonNullable<Command['onFailure']>): Promise<number> {
  try {
    return await work()
  } catch (err) {
    return onFailure(errorMessage(err), print)
  }
}

/** Here, or on the relay that the command is about. */
async function run({ path, command, values, positionals }: CommandLine<Command>, signal: AbortSignal): Promise<number> {
  const named = values.fleet ?? process.env.OOBM_FLEET
  const inputOf = (file: string) => {
    const folder = dirname(file)
    const files = { fleet: file, secrets: join(folder, 'secrets'), rendered: join(folder, 'rendered') }
    return { files, positionals, values, print, signal }
  }
  const { atRelay } = command
  const operatorsFile = String(named ?? 'fleet.toml')
  if (!atRelay || atRelay.when?.(values) === false) {
    if (path !== 'list') refuseApplied(path, operatorsFile)
    return command.run(inputOf(operatorsFile))
  }
  if (!(await isHere(atRelay, values, operatorsFile))) return goToRelay(path, atRelay, inputOf(operatorsFile))
  if (command.options && 'state' in command.options) await requireReadable(values)
  return command.run(inputOf(String(named ?? defaultFile(values))))
}

/** On a dedicated relay without a fleet file beside, what was applied there. */
function defaultFile({ root, state }: CommandLine<Command>['values']): string {
  if (state !== undefined) return 'fleet.toml'
  return defaultFleetFile(relayPaths(typeof root === 'string' ? root : '/'))
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
