/** `oobm-relay`: turns one fleet file into all that relays, devices and technicians need. */
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT, errorCode, errorMessage } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import { VERSION } from '../runtime/version.ts'
import { COMMANDS, COMMON } from './commands/all-commands.ts'
import { type BareInput, type Command, usageError } from './commands/command.ts'
import { parseFleet } from './fleet-config.ts'
import { readFleetText } from './fleet-file.ts'
import { defaultFleetFile, relayPaths } from './relay-paths.ts'

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
  const file = String(values.fleet ?? env.OOBM_FLEET ?? defaultFile(command, values.root))
  const folder = dirname(file)
  const input: BareInput = {
    files: { fleet: file, secrets: join(folder, 'secrets'), rendered: join(folder, 'rendered') },
    positionals,
    values,
    print: say,
    signal,
  }
  if (command.runBare) return command.runBare(input)
  return command.run({ ...input, fleet: parseFleet(file, await readFleetText(file)) })
}

/** A word that is meant for the relay finds what was applied there, where nothing else is at hand. */
function defaultFile({ options }: Command, root: string | boolean | undefined): string {
  return 'root' in options ? defaultFleetFile(relayPaths(typeof root === 'string' ? root : '/')) : 'fleet.toml'
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
