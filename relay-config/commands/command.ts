/** What a word of `oobm-relay` is, and what it gets. */
import type { ParseArgsConfig } from 'node:util'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Device, Fleet } from '../fleet-config.ts'

export interface CommandInput {
  fleet: Fleet
  /** Path of the fleet file, and of the folders beside it. */
  files: { fleet: string; secrets: string; rendered: string }
  positionals: string[]
  /** The options given, by name. */
  values: Record<string, string | boolean | undefined>
  /** Writes a line to standard output. */
  print(line: string): void
  signal: AbortSignal
}

export interface Command {
  /** What stands after the word in a usage line. */
  usage: string
  summary: string
  options: NonNullable<ParseArgsConfig['options']>
  /** @returns the exit code */
  run(input: CommandInput): Promise<number>
}

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
