/** The devices that a command names. */
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { CommandInput } from '../command.ts'

/** All of the fleet, where none is named. @throws UserError for one that is not in the fleet file */
export function devicesNamed({ fleet, files, positionals }: CommandInput): string[] {
  const known = fleet.devices.map(({ name }) => name)
  const unknown = positionals.find(name => !known.includes(name))
  if (unknown === undefined) return positionals.length > 0 ? [...new Set(positionals)] : known
  const list = known.join(', ') || 'none'
  throw new UserError(`"${unknown}" is not a device of ${files.fleet}; there are: ${list}`, EXIT.usage)
}
