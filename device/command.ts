/** What a command of `oobm` is, and what it gets. */
import type { CommandTable, Options, OptionValues, ValuesOf } from '../cli/command.ts'
import type { Paint } from '../cli/paint.ts'
import type { Clock } from '../runtime/clock.ts'

export interface CommandContext {
  env: NodeJS.ProcessEnv
  /** Prints one line. */
  print(line: string): void
  paint: Paint
  clock: Clock
  signal: AbortSignal
}

export interface CommandInput<Values = OptionValues> extends CommandContext {
  values: Values
  positionals: string[]
  /** All that follows the command, as it was typed. */
  args: string[]
}

export interface Command extends CommandTable<Command> {
  /** @returns the exit code */
  run?(input: CommandInput): Promise<number>
}

interface TypedCommand<O extends Options> extends CommandTable<Command> {
  options?: O
  run?(input: CommandInput<ValuesOf<O>>): Promise<number>
}

/** The values that `run` gets are typed by the options. */
export function defineCommand<const O extends Options>(command: TypedCommand<O>): Command {
  return command
}
