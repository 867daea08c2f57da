/** Reads a command line by a program's table of commands, and runs the command. */
import { parseArgs } from 'node:util'
import { EXIT, UserError } from '../runtime/errors.ts'
import { nearest } from '../runtime/nearest.ts'
import {
  type Argument,
  type CommandTable,
  commandsOf,
  type Options,
  type OptionValues,
  type Program,
  STANDARD_OPTIONS,
  UsageError,
  usageError,
  valueLabel,
} from './command.ts'
import { commandHelp, programHelp } from './help.ts'

export interface CommandLine<C extends CommandTable<C>> {
  /** What was typed for the command: `add device`. */
  path: string
  command: C & { run: NonNullable<C['run']> }
  values: OptionValues
  positionals: string[]
  /** All that follows the command, as it was typed. */
  args: string[]
}

/**
 * Runs what the command line says: a command, or help, or the version.
 * @param print writes one text to standard output
 * @returns the exit code
 * @throws UserError that names the command, for a command line that the program does not take
 */
export async function runCommandLine<C extends CommandTable<C>>(
  program: Program<C>,
  argv: readonly string[],
  print: (text: string) => void,
  run: (line: CommandLine<C>) => Promise<number>,
): Promise<number> {
  const say = (text: string) => {
    print(text)
    return EXIT.ok
  }
  const [first, ...rest] = argv
  if (first === undefined)
    throw new UserError(`${program.name}: no command given\n\n${programHelp(program)}`, EXIT.usage)
  if (first === '--version') return say(program.version)
  const isHelp = ['help', '--help', '-h'].includes(first)
  if (isHelp && rest.length === 0) return say(programHelp(program))
  let path = ''
  let args = isHelp ? [...rest, '--help'] : [...argv]
  const enter = (commands: Record<string, C>, index: number): C => {
    const name = args[index] ?? ''
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) usageError(`unknown command "${name}"${meant(nearest(name, Object.keys(commands)))}`)
    path = `${path} ${name}`.trimStart()
    args = args.toSpliced(index, 1)
    return command
  }
  try {
    let command = enter(commandsOf(program), 0)
    while (command.commands !== undefined) {
      // Options of the command may precede its name.
      const tables = [command, ...Object.values(command.commands)].map(({ options }) => options)
      const name = tokensOf(args, Object.assign({}, program.options, ...tables)).find(
        ({ kind }) => kind === 'positional',
      )
      if (name === undefined) break
      command = enter(command.commands, name.index)
    }
    const { values, positionals } = readArguments(args, { ...command.options, ...program.options })
    if (values.help) return say(commandHelp(program, path, command))
    if (values.version) return say(program.version)
    if (command.run === undefined) usageError(`no command given: ${Object.keys(command.commands ?? {}).join(', ')}`)
    checkPositionals(positionals, command.arguments ?? [])
    return await run({ path, command: { ...command, run: command.run }, values, positionals, args })
  } catch (err) {
    if (!(err instanceof UsageError)) throw err
    const name = `${program.name} ${path}`.trimEnd()
    throw new UserError(`${name}: ${err.message}; see "${name} --help"`, EXIT.usage, { cause: err })
  }
}

function tokensOf(args: string[], options: Options) {
  const types = Object.entries({ ...options, ...STANDARD_OPTIONS }).map(([name, option]) => {
    const { short } = option as Options[string]
    const type: 'boolean' | 'string' = valueLabel(option) === undefined ? 'boolean' : 'string'
    return [name, { type, ...(short !== undefined && { short }) }] as const
  })
  // Not strict: the messages here name commands and propose the nearest option.
  return parseArgs({ args, options: Object.fromEntries(types), strict: false, tokens: true }).tokens
}

/** @throws UsageError */
function readArguments(args: string[], options: Options): { values: OptionValues; positionals: string[] } {
  const all: Options = { ...options, ...STANDARD_OPTIONS }
  const values: OptionValues = {}
  const positionals: string[] = []
  for (const [name, option] of Object.entries(all)) if (option.default !== undefined) values[name] = option.default
  for (const token of tokensOf(args, options)) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(all, name) ? all[name] : undefined
    if (option === undefined) {
      const near = nearest(name, Object.keys(all))
      usageError(`unknown option "${rawName}"${meant(near && `--${near}`)}`)
    }
    const label = valueLabel(option)
    if (label === undefined) {
      if (value !== undefined) usageError(`option ${rawName} takes no value`)
      values[name] = true
      continue
    }
    // What looks like an option is one, unless `=` says otherwise.
    if (value === undefined || (!inlineValue && /^-./.test(value)))
      usageError(`option ${rawName} needs a value, ${label}`)
    requireChoice(rawName, value, option.choices)
    values[name] = value
  }
  return { values, positionals }
}

/** @throws UsageError */
function checkPositionals(given: readonly string[], table: readonly Argument[]): void {
  for (const [index, argument] of table.entries()) {
    const value = given[index]
    if (value !== undefined) requireChoice(argument.value ?? 'argument', value, argument.choices)
    else if (!argument.isOptional) usageError(`missing argument ${valueLabel(argument)}`)
  }
  const extra = table.at(-1)?.isRepeated ? undefined : given[table.length]
  if (extra !== undefined) usageError(`unexpected argument "${extra}"`)
}

function requireChoice(what: string, value: string, choices: readonly string[] | undefined): void {
  if (choices === undefined || choices.includes(value)) return
  usageError(`${what} "${value}" is not one of ${choices.join(', ')}${meant(nearest(value, choices))}`)
}

function meant(name: string | undefined): string {
  return name === undefined ? '' : ` (did you mean "${name}"?)`
}
