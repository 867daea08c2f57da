/** What a word of `oobm-relay` is, and what it gets. */
import type { ParseArgsConfig } from 'node:util'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Device, Fleet } from '../fleet/fleet-config.ts'
import type { AtRelay } from './remote/at-relay.ts'

export interface BareInput {
  /** Path of the fleet file, and of the folders beside it. */
  files: { fleet: string; secrets: string; rendered: string }
  positionals: string[]
  /** The options given, by name. */
  values: Record<string, string | boolean | undefined>
  /** Writes a line to standard output. */
  print(line: string): void
  signal: AbortSignal
}

export interface CommandInput extends BareInput {
  fleet: Fleet
}

/** An option, and what help, the man page and the completion say of it. */
export type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What its value is called: `FILE`, `N`; or the words it may be: `a|b`. Nothing for a switch. */
  value?: string
  /** What it does: a phrase without a full stop. */
  help?: string
}

interface CommandTable {
  /** What stands after the word in a usage line; one line for each form that the word has. */
  usage: string
  summary: string
  options: Record<string, CommandOption>
  /** For a word about a relay as it is; without it, it works on the operator's own files. */
  atRelay?: AtRelay
}

/** @returns the exit code */
type Run<Input> = (input: Input) => Promise<number>

/** A word that works on a fleet, or one that needs none (yet). */
export type Command = CommandTable &
  ({ run: Run<CommandInput>; runBare?: never } | { runBare: Run<BareInput>; run?: never })

/** @throws UserError with exit code 64 */
export function usageError(message: string): never {
  throw new UserError(`oobm-relay: ${message}\n"oobm-relay --help" shows how it is used`, EXIT.usage)
}

/** The one device that is asked for by name. */
export function deviceOf({ fleet, files, positionals }: CommandInput): Device {
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) usageError('name one device')
  const found = fleet.devices.find(device => device.name === name)
  if (found) return found
  const known = fleet.devices.map(device => device.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not a device of ${files.fleet}; there are: ${known}`, EXIT.usage)
}
