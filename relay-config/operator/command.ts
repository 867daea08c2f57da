/** What a word of `oobm-relay` is, and what it gets. */
import type { CommandOption, OptionValues } from '../../cli/option.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Device, Fleet } from '../fleet/fleet-config.ts'

export interface BareInput {
  /** Path of the fleet file, and of the folders beside it. */
  files: { fleet: string; secrets: string; rendered: string }
  positionals: string[]
  /** The options given, by name. */
  values: OptionValues
  /** Writes a line to standard output. */
  print(line: string): void
  signal: AbortSignal
}

export interface CommandInput extends BareInput {
  fleet: Fleet
}

/** What a word about a relay says of itself. */
export interface AtRelay {
  /** Whether this use of the word is about a relay; every use, when left out. */
  when?(values: BareInput['values']): boolean
  /** Whether it looks at each relay of a fleet that has several, where none is named. */
  each?: boolean
  /** For a relay with accounts of its own only. */
  isDedicated?: boolean
  /** Whether the first name after it is a device of the fleet. */
  ofDevice?: boolean
  /** What goes along on standard input: the public part, as `push` sends it; or what somebody types or pipes. */
  stdin?: 'public part' | 'typed'
  /** Whether it makes a relay of a host that is none yet. */
  makesRelay?: boolean
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
