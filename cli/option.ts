/** An option of a command: what parses it, and what help, man page and completion say of it. */
import type { ParseArgsConfig } from 'node:util'

/** An option, and what help, the man page and the completion say of it. */
export type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What its value is called: `FILE`, `N`; or the words it may be: `a|b`. Nothing for a switch. */
  value?: string
  /** What it does: a phrase without a full stop. */
  help?: string
}

/** The options given, by name. */
export type OptionValues = Record<string, string | boolean | undefined>
