/** What a command is: one table, from which parsing, help, man page and completion are made. */
import type * as z from 'zod'
import { EXIT, UserError } from '../runtime/errors.ts'

interface Value {
  /** What its value is called: `FILE`, `N`. */
  value?: string
  /** The only values that it takes. */
  choices?: readonly string[]
  /** A phrase without a full stop. */
  help: string
}

/** Without a value and choices, it is a switch. */
export interface Option extends Value {
  /** The value where the option is not given. */
  default?: string
  short?: string
}

export type Options = Record<string, Option>

export interface Argument extends Value {
  isOptional?: boolean
  /** Whether more of the same may follow. */
  isRepeated?: boolean
}

/** The options given, by name. */
export type OptionValues = Record<string, string | boolean | undefined>

/** The same, as the table of options has them. */
export type ValuesOf<O extends Options> = OptionValues &
  (string extends keyof O
    ? unknown
    : {
        [Name in keyof O]:
          | (O[Name] extends { value: string } | { choices: readonly string[] } ? string : boolean)
          | (O[Name] extends { default: string } ? never : undefined)
      })

export interface CommandTable<C> {
  /** What `--json` prints: the document, or each line of it; for programs that read it. */
  json?: z.ZodType
  /** What it does: a phrase without a full stop, which begins with a verb. */
  summary: string
  /** What the summary leaves out: whole sentences. */
  details?: readonly string[]
  arguments?: readonly Argument[]
  options?: Options
  /** Command lines, without the name of the program. */
  examples?: readonly string[]
  /** Where they say more than success and failure. */
  exitCodes?: Record<number, string>
  /** Commands below this one: `add device`. */
  commands?: Record<string, C>
  /** Not there where only the commands below do something. */
  run?(...input: never[]): Promise<number>
}

export interface Program<C extends CommandTable<C>> {
  name: string
  /** What it is for: a phrase without a full stop. */
  summary: string
  version: string
  /** Its commands, by the heading under which help shows them. */
  groups: Record<string, Record<string, C>>
  /** Options of every command, besides those of {@link STANDARD_OPTIONS}. */
  options: Options
}

/** Options of every command of every program. */
export const STANDARD_OPTIONS = {
  help: { short: 'h', help: 'show this help' },
  version: { help: 'print the version' },
} as const satisfies Options

export function commandsOf<C extends CommandTable<C>>({ groups }: Pick<Program<C>, 'groups'>): Record<string, C> {
  return Object.assign({}, ...Object.values(groups))
}

/** Each command and each below it, with what is typed for it. */
export function everyCommand<C extends CommandTable<C>>(commands: Record<string, C>, above = ''): [string, C][] {
  return Object.entries(commands).flatMap(([name, command]): [string, C][] => {
    const path = `${above}${name}`
    return [[path, command], ...everyCommand(command.commands ?? {}, `${path} `)]
  })
}

/** How help calls the value; undefined for a switch. */
export function valueLabel({ value, choices }: Value): string | undefined {
  return value ?? choices?.join('|')
}

/** A command line that the program does not take; the command that runs adds its name, and where its help is. */
export class UsageError extends UserError {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super(message, EXIT.usage)
  }
}

/** @throws UsageError */
export function usageError(message: string): never {
  throw new UsageError(message)
}
