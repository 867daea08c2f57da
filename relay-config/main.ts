/** `oobm-relay`: turns one fleet file into all that relays, devices and technicians need. */
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT, errorCode, errorMessage } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import { VERSION } from '../runtime/version.ts'
import { parseFleet } from './fleet/fleet-config.ts'
import { type BareInput, type Command, usageError } from './operator/command.ts'
import { COMMANDS, COMMON } from './operator/commands/all-commands.ts'
import { readFleetText, refuseApplied } from './operator/fleet-file.ts'
import { goToRelay, isHere, requireReadable } from './operator/remote/at-relay.ts'
import { defaultFleetFile, relayPaths } from './relay/relay-paths.ts'

void runMain(signal => main(process.argv.slice(2), process.env, signal))

async function main(argv: string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const [word = '--help', ...rest] = argv
  if (word === '--version') return say(VERSION)
  if (word === '--help' || word === '-h' || word === 'help') return say(help())
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined
  if (!command) return usageError(`"${word}" is not a word here`)
  const { values, positionals } = parse(rest, command)
  if (values.help) return say(`usage: ${usageLines(word, command).join('\n       ')}\n${command.summary}`)
  if (values.version) return say(VERSION)
  const named = values.fleet ?? env.OOBM_FLEET
  const inputOf = (file: string): BareInput => {
    const folder = dirname(file)
    const files = { fleet: file, secrets: join(folder, 'secrets'), rendered: join(folder, 'rendered') }
    return { files, positionals, values, print: say, signal }
  }
  const { atRelay } = command
  const operatorsFile = String(named ?? 'fleet.toml')
  if (!atRelay || atRelay.when?.(values) === false) {
    if (word !== 'list') refuseApplied(word, operatorsFile)
    return run(command, inputOf(operatorsFile))
  }
  if (!(await isHere(atRelay, values, operatorsFile))) return goToRelay(word, atRelay, inputOf(operatorsFile))
  if ('state' in command.options) await requireReadable(values)
  return run(command, inputOf(String(named ?? defaultFile(values))))
}

async function run(command: Command, input: BareInput): Promise<number> {
  const file = input.files.fleet
  if (command.runBare) return command.runBare(input)
  return command.run({ ...input, fleet: parseFleet(file, await readFleetText(file)) })
}

/** On a dedicated relay, what was applied there, where nothing else is at hand. */
function defaultFile({ root, state }: BareInput['values']): string {
  if (state !== undefined) return 'fleet.toml'
  return defaultFleetFile(relayPaths(typeof root === 'string' ? root : '/'))
}

function parse(args: string[], command: Command) {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...COMMON, ...command.options },
      allowPositionals: true,
    })
    return { values: values as Record<string, string | boolean | undefined>, positionals }
  } catch (err) {
    if (!errorCode(err)?.startsWith('ERR_PARSE_ARGS_')) throw err
    return usageError(errorMessage(err))
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return EXIT.ok
}

function help(): string {
  const words = Object.entries(COMMANDS).map(([word, command]) => {
    const lines = usageLines(word, command).map(line => `  ${line.replace('oobm-relay ', '')}\n`)
    return `${lines.join('')}      ${command.summary}`
  })
  return `usage: oobm-relay WORD [OPTIONS]

${words.join('\n')}

options for all: --fleet FILE (else $OOBM_FLEET, else ./fleet.toml), --help, --version`
}

function usageLines(word: string, { usage }: Command): string[] {
  return usage.split('\n').map(form => `oobm-relay ${word} ${form}`.trimEnd())
}
