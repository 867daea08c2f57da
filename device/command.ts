/** What every word of `oobm` is given, and how it reads its arguments. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import colours from 'yoctocolors'
import { type Clock, systemClock } from '../runtime/clock.ts'
import { EXIT, type ExitCode, errorMessage, UserError } from '../runtime/errors.ts'

/** Colours where a person reads; the text as it is where a program does. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  faint(text: string): string
  strong(text: string): string
}

export interface CommandContext {
  env: NodeJS.ProcessEnv
  /** Prints one line. */
  print(line: string): void
  paint: Paint
  clock: Clock
  signal: AbortSignal
}

export interface Command {
  /** What follows `oobm`: `status [--json]`. */
  usage: string
  /** One line of the help. */
  summary: string
  run(args: string[], context: CommandContext): Promise<ExitCode>
}

export const plain: Paint = { good: String, bad: String, faint: String, strong: String }

export function terminalContext(signal: AbortSignal): CommandContext {
  const paint = { good: colours.green, bad: colours.red, faint: colours.dim, strong: colours.bold }
  return {
    env: process.env,
    print: line => void process.stdout.write(`${line}\n`),
    paint: process.stdout.isTTY && process.stdout.hasColors() ? paint : plain,
    clock: systemClock,
    signal,
  }
}

/** @throws UserError with the usage when the arguments are not what the command takes */
export function readArguments<T extends NonNullable<ParseArgsConfig['options']>>(
  command: Command,
  args: string[],
  options: T,
  positionals: { min: number; max: number } = { min: 0, max: 0 },
) {
  let parsed: ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>
  try {
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (err) {
    throw usageError(command, errorMessage(err).split('. ')[0] ?? '')
  }
  const { length } = parsed.positionals
  if (length < positionals.min) throw usageError(command, 'an argument is missing')
  if (length > positionals.max) throw usageError(command, `"${parsed.positionals[positionals.max]}" is too much`)
  return parsed
}

export function usageError(command: Command, problem: string): UserError {
  return new UserError(`oobm: ${problem}\nusage: oobm ${command.usage}`, EXIT.usage)
}
