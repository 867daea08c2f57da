/** What a command of `oobm-relay` is, and what it gets. */
import type { CommandTable, Options, OptionValues, ValuesOf } from '../../cli/command.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Device, type Fleet, parseFleet, type Relay } from '../fleet/fleet-config.ts'
import { readFleetText } from './fleet-file.ts'

export interface BareInput<Values = OptionValues> {
  /** Path of the fleet file, and of the folders beside it. */
  files: { fleet: string; secrets: string; rendered: string }
  positionals: string[]
  /** The options given, by name. */
  values: Values
  /** Writes a line to standard output. */
  print(line: string): void
  signal: AbortSignal
}

export interface CommandInput<Values = OptionValues> extends BareInput<Values> {
  fleet: Fleet
}

/** What a command about a relay says of itself. */
export interface AtRelay {
  /** Whether this use of the command is about a relay; every use, when left out. */
  when?(values: OptionValues): boolean
  /**
   * Whether it is for each relay of a fleet that has several, where none is named; `any` where success at one is success: a
   * device is at one of them.
   */
  each?: boolean | 'any'
  /** Why this use of the command is for somebody on the relay, and what to do; undefined where it may come by ssh. */
  onlyThere?(values: OptionValues): string | undefined
  /** For a relay with accounts of its own only. */
  isDedicated?: boolean
  /** Whether its first argument is a device of the fleet. */
  ofDevice?: boolean
  /** What goes along on standard input: the public part, as `push` sends it; or what somebody types or pipes. */
  stdin?: 'public part' | 'typed'
  /** Asks all these relays and puts their answers together, for a command that says one thing of a device at several. */
  gather?(input: CommandInput, relays: readonly Relay[]): Promise<number>
  /** The same, where several relays are asked: at one, its own words are shown. */
  merge?(input: CommandInput, relays: readonly Relay[], fleetText: string): Promise<number>
  /** Whether it makes a relay of a host that is none yet. */
  makesRelay?: boolean
}

export interface Command extends CommandTable<Command> {
  /** For a command about a relay as it is; without it, it works on the operator's own files. */
  atRelay?: AtRelay
  /** For those who read its output by a rule of theirs: says what went wrong, a wrong command line too. @returns the exit code */
  onFailure?(message: string, print: (line: string) => void): number
  /** @returns the exit code */
  run?(input: BareInput): Promise<number>
}

interface TypedCommand<O extends Options> extends CommandTable<Command> {
  atRelay?: AtRelay
  options?: O
  onFailure?(message: string, print: (line: string) => void): number
  run?(input: BareInput<ValuesOf<O>>): Promise<number>
}

/** The values that `run` gets are typed by the options. */
export function defineCommand<const O extends Options>(command: TypedCommand<O>): Command {
  return command
}

/** For a command that works on a fleet: reads it first. */
export function withFleet<Values>(
  run: (input: CommandInput<Values>) => Promise<number>,
): (input: BareInput<Values>) => Promise<number> {
  return async input => {
    const { fleet: file } = input.files
    return run({ ...input, fleet: parseFleet(file, await readFleetText(file)) })
  }
}

/** The device that the first argument names. @throws UserError */
export function deviceOf({ fleet, files, positionals: [name] }: CommandInput): Device {
  const found = fleet.devices.find(device => device.name === name)
  if (found) return found
  const known = fleet.devices.map(device => device.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not a device of ${files.fleet}; there are: ${known}`, EXIT.usage)
}
